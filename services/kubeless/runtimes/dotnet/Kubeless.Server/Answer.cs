using System;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Kubeless.Server
{
    /// <summary>A function's answer as bytes: text and bytes as they are, nothing for null, the rest as JSON.</summary>
    internal static class Answer
    {
        public const string Text = "text/plain; charset=utf-8";

        private static readonly JsonSerializerOptions Readable =
            new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

        /// <summary>Content type and body. Throws NotSupportedException or JsonException for what is no JSON.</summary>
        public static (string, byte[]) Encode(object returned)
        {
            switch (returned)
            {
                case null:
                    return ("", Array.Empty<byte>());
                case string text:
                    return (Text, Encoding.UTF8.GetBytes(text));
                case byte[] bytes:
                    return ("application/octet-stream", bytes);
                default:
                    var json = JsonSerializer.SerializeToUtf8Bytes(returned, returned.GetType(), Readable);
                    return ("application/json", json);
            }
        }
    }
}
