def handler(event, context)
  ce = event[:extensions]
  "#{ce[:'ce-type']} from #{ce[:'ce-source']}: #{event[:data]}"
end
