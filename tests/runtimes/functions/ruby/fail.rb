def run(event, context)
  raise ArgumentError, 'the secret is 12345' if event[:data] == 'throw'

  'ok'
end
