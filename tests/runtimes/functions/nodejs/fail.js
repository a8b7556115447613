module.exports = {
  run: (event) => {
    if (event.data === 'throw') throw new Error('the secret is 12345');
    return 'ok';
  },
};
