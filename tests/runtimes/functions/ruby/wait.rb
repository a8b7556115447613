def run(event, context)
  kind, seconds = event[:data].to_s.split(' ')
  sleep(seconds.to_f) if kind == 'wait'
  nil while kind == 'stuck'
  'ok'
end
