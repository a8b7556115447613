module.exports = {
  run: async (event, context) => {
    const { request } = event.extensions;
    return {
      event: Object.fromEntries(['id', 'type', 'time', 'namespace'].map((name) => [name, event[`event-${name}`]])),
      context: {
        name: context['function-name'],
        timeout: context.timeout,
        runtime: context.runtime,
        memory: context['memory-limit'],
      },
      request: { method: request.method, path: request.path, query: request.query.q, header: request.get('X-Test') },
      ce: Object.fromEntries(Object.entries(event.extensions).filter(([name]) => name.startsWith('ce-'))),
    };
  },
};
