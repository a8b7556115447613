const { Readable } = require('stream');

module.exports = {
  run: (event) => {
    Readable.from(['one\n', 'two\n', 'three\n']).pipe(event.extensions.response);
  },
};
