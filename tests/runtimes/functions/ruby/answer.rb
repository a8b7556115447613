ANSWERS = {
  'string' => 'text',
  'object' => { a: 1, b: [true, nil], c: { d: 'e' } },
  'number' => 42,
  'null' => nil,
  'list' => %w[a b],
  'empty' => '',
  'unicode' => 'grüße, 世界 🎉',
  'binary' => (0..255).to_a.pack('C*'),
  'big' => 'x' * (2 << 20),
  'status' => [418, { 'X-Kind' => 'short and stout' }, 'a teapot'],
  'unencodable' => -> {}
}.freeze

def run(event, context)
  ANSWERS.fetch(event[:data])
end
