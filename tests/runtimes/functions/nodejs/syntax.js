module.exports = { run: (event) => { return "no brace" };
