const ms = require('ms');

module.exports = { run: () => (ms('1s') === 1000 ? 'used' : 'not used') };
