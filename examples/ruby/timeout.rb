# Deploy it with --timeout 1: the call is answered with 408, and other calls do not notice.
def foo(event, context)
  nil while event[:data] == 'forever'
  'in time'
end
