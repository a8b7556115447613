namespace Kubeless.Functions
{
    /// <summary>What happened. A field whose header was not sent is empty, never null.</summary>
    public class Event
    {
        /// <summary>Text; a <c>System.Text.Json.JsonElement</c> if it was sent as JSON.</summary>
        public object Data { get; }

        public string EventId { get; }

        public string EventType { get; }

        public string EventTime { get; }

        public string EventNamespace { get; }

        public Extensions Extensions { get; }

        public Event(object data, string eventId, string eventType, string eventTime, string eventNamespace,
            Extensions extensions)
        {
            Data = data;
            EventId = eventId;
            EventType = eventType;
            EventTime = eventTime;
            EventNamespace = eventNamespace;
            Extensions = extensions;
        }

        public Event(object data) : this(data, "", "", "", "", null) { }

        public Event() : this("") { }
    }
}
