def run(event, context)
  %w[one two three].lazy.map { |part| "#{part}\n" }
end
