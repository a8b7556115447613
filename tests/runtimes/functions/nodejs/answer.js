const circular = {};
circular.self = circular;

const answers = {
  string: () => 'text',
  object: () => ({ a: 1, b: [true, null], c: { d: 'e' } }),
  number: () => 42,
  null: () => null,
  list: () => ['a', 'b'],
  empty: () => '',
  unicode: () => 'grüße, 世界 🎉',
  binary: () => Buffer.from(Array.from({ length: 256 }, (_, index) => index)),
  big: () => 'x'.repeat(2 << 20),
  status: (response) => response.status(418).set('X-Kind', 'short and stout').send('a teapot'),
  unencodable: () => circular,
};

module.exports = {
  run: (event) => (event.data === 'status' ? answers.status(event.extensions.response) : answers[event.data]()),
};
