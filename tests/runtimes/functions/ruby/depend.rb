require 'kubeless_used'

def run(event, context)
  KubelessUsed::WORD
end
