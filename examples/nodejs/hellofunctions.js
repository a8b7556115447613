module.exports = {
  helloGet: (event, context) => 'hello world!',
};
