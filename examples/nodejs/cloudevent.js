// For the runtime nodejsCE: the event is a CloudEvent, of version 0.1 or 1.0.
module.exports = {
  handler: (event, context) => `${event.type} from ${event.source}: ${JSON.stringify(event.data)}`,
};
