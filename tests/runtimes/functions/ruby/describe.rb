def run(event, context)
  request = event[:extensions][:request]
  {
    event: %w[id type time namespace].map { |name| [name, event[:"event-#{name}"]] }.to_h,
    context: {
      name: context[:'function-name'],
      timeout: context[:timeout],
      runtime: context[:runtime],
      memory: context[:'memory-limit']
    },
    request: {
      method: request.request_method,
      path: request.path,
      query: request.params['q'],
      header: request['X-Test']
    },
    ce: event[:extensions].select { |name, _| name.to_s.start_with?('ce-') }
  }
end
