let calls = 0;

module.exports = {
  run: () => {
    calls += 1;
    return String(calls);
  },
};
