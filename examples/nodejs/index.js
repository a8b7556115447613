const { helloGet } = require('./hellofunctions');

// An archive may hold many files: the handler index.helloGet names this one.
module.exports = { helloGet };
