def run(event, context)
  event[:data]
end
