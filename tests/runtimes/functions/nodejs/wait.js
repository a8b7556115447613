module.exports = {
  run: async (event) => {
    const [kind, seconds] = String(event.data).split(' ');
    if (kind === 'wait') await new Promise((resolve) => setTimeout(resolve, Number(seconds) * 1000));
    while (kind === 'stuck');
    return 'ok';
  },
};
