# frozen_string_literal: true

module Kubeless
  # What travels between the front and a worker. Numbers are big-endian; a call is a marshalled array, as both ends are
  # one program, but an answer is not: nothing that a function writes may be loaded as objects into the front.
  module Frames
    # Answers: length of the body, status, length of the header lines.
    HEAD = 'NnN'
    HEAD_SIZE = 10
    READY = [0, 0, 0].pack(HEAD).freeze
    MAX_BODY = 256 * 1024 * 1024
    MAX_HEADERS = 256 * 1024

    # An answer cannot be one.
    class Malformed < StandardError; end

    def self.call(request)
      bytes = Marshal.dump(request)
      [bytes.bytesize].pack('N') << bytes
    end

    # A call from a blocking channel; nil at its end.
    def self.read_call(channel)
      head = channel.read(4)
      head && head.bytesize == 4 ? Marshal.load(channel.read(head.unpack('N').first)) : nil
    end

    # Raises UnusableAnswer.
    def self.answer(status, headers, body)
      raise UnusableAnswer, "the answer is larger than #{MAX_BODY} bytes" if body.bytesize > MAX_BODY

      [body.bytesize, status, headers.bytesize].pack(HEAD) << headers.b << body.b
    end

    # [status, header lines, body] out of what was received, or nil while it is not there as a whole. Raises Malformed.
    def self.take_answer(buffer)
      return nil if buffer.bytesize < HEAD_SIZE

      body, status, headers = buffer.unpack(HEAD)
      raise Malformed if body > MAX_BODY || headers > MAX_HEADERS || status > 599
      return nil if buffer.bytesize < HEAD_SIZE + headers + body

      buffer.slice!(0, HEAD_SIZE)
      [status, buffer.slice!(0, headers), buffer.slice!(0, body)]
    end
  end
end
