module.exports = {
  run: (event) => {
    const [kind, rest] = String(event.data).split(' ');
    if (kind === 'exit') process.exit(3);
    if (kind === 'print') console.log(rest);
    if (kind === 'noise') {
      for (let line = 0; line < 10 * 1024; line += 1) console.log('x'.repeat(1023));
    }
    return kind === 'env' ? process.env[rest] || '' : 'ok';
  },
};
