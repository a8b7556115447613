require 'mustache'

def foo(event, context)
  Mustache.render('hello {{whom}}!', whom: 'world')
end
