def run(event, context)
  @calls = @calls.to_i + 1
  @calls.to_s
end
