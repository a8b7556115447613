const { Readable } = require('stream');

// The answer is sent while it is made: nothing is held in memory.
module.exports = {
  foo: (event, context) => {
    const words = Readable.from(['hello ', 'world', '\n']);
    words.pipe(event.extensions.response.type('text'));
  },
};
