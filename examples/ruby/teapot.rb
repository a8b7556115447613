# Status, headers and body, as Rack has them.
def foo(event, context)
  [418, { 'X-Asked-For' => event[:extensions][:request].path }, 'short and stout']
end
