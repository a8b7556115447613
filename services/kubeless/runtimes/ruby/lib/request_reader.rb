# frozen_string_literal: true

require_relative 'request'

module Kubeless
  # A request that is refused; `status` is 400, 413, 431, 501 or 505.
  class BadRequest < StandardError
    attr_reader :status

    def initialize(status, message)
      super(message)
      @status = status
    end
  end

  # Reads HTTP/1.1 requests out of the bytes of one connection (RFC 9112).
  #
  # It is strict: what two servers could read differently, such as two lengths, is refused. Heads and bodies are
  # bounded.
  class RequestReader
    MAX_HEAD = 64 * 1024
    MAX_LINE = 1024
    MOST_DISCARDED = 64 * 1024 * 1024
    ONCE = %w[content-length host].freeze
    TOKEN = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/
    REQUEST_LINE = %r{\A(#{TOKEN}) ((?:/|\*(?= )|https?://)[\x21-\x7e\x80-\xff]*) (HTTP/1\.[01])\z}n
    HEADER = /\A(#{TOKEN}):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*\z/n

    def initialize(max_body)
      @max_body = max_body
      @buffer = String.new
      reset
    end

    def feed(bytes)
      @buffer << bytes
    end

    # Whether a request has begun and not ended.
    def midway?
      !@head.nil? || !@buffer.empty?
    end

    # Once: whether the client waits to be told to send the body.
    def expects_continue?
      expected = @expects && @buffer.empty?
      @expects = false if expected
      expected
    end

    # [method, target, version, headers, body], or nil while it is not there as a whole. The body is nil if it was too
    # large and has been thrown away. Raises BadRequest; the connection is of no use then.
    def next
      return nil if @head.nil? && !read_head
      return nil unless @chunked ? read_chunks : read_length

      result = [*@head, @discarded > 0 ? nil : @body]
      reset
      result
    end

    private

    def reset
      @head = nil
      @body = String.new
      @left = 0
      @chunked = false
      @state = :size
      @discarded = 0
      @expects = false
    end

    def read_head
      @buffer.slice!(0, 2) while @buffer.start_with?("\r\n") # empty lines before a request are allowed
      ending = @buffer.index("\r\n\r\n")
      raise BadRequest.new(431, 'the head of the request is too large') if (ending || @buffer.bytesize) > MAX_HEAD
      return refuse_early unless ending

      lines = @buffer.slice!(0, ending + 4).split("\r\n")
      found = REQUEST_LINE.match(lines.shift) || raise(BadRequest.new(400, 'the request line is no HTTP/1.1'))
      headers = read_headers(lines)
      frame(headers)
      @head = [found[1], found[2].sub(%r{\Ahttps?://[^/?]*}, ''), found[3], headers]
      @expects = headers['expect'].to_s.casecmp('100-continue').zero? && found[3] == 'HTTP/1.1'
      true
    end

    # What is no HTTP at all need not wait for an empty line.
    def refuse_early
      raise BadRequest.new(400, 'this is no HTTP') unless @buffer =~ /\A(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]*\z|#{TOKEN} )/n

      false
    end

    def read_headers(lines)
      headers = {}
      lines.each do |line|
        name, value = (HEADER.match(line) || raise(BadRequest.new(400, 'a header is malformed'))).captures
        name = name.downcase
        raise BadRequest.new(400, "#{name} is given twice") if headers.key?(name) && ONCE.include?(name)

        headers[name] = headers.key?(name) ? "#{headers[name]}, #{value}" : value
      end
      headers.each_value { |value| as_text(value) }
    end

    # UTF-8 where it is, else bytes.
    def as_text(value)
      value.force_encoding(Encoding::BINARY) unless value.force_encoding(Encoding::UTF_8).valid_encoding?
    end

    def frame(headers)
      coding = headers['transfer-encoding']
      length = headers['content-length']
      if coding
        raise BadRequest.new(400, 'there are both a length and a transfer encoding') if length
        raise BadRequest.new(501, 'the only transfer encoding is chunked') unless coding.casecmp('chunked').zero?

        @chunked = true
      elsif length
        raise BadRequest.new(400, 'the length is no number') unless length =~ /\A[0-9]{1,15}\z/

        @left = length.to_i
        discard(0) if @left > @max_body
      end
    end

    def read_length
      take
      @left.zero?
    end

    # Move up to @left bytes from the buffer to the body.
    def take
      piece = @buffer.slice!(0, @left)
      @left -= piece.bytesize
      if @discarded > 0 || @body.bytesize + piece.bytesize > @max_body
        discard(piece.bytesize)
      else
        @body << piece
      end
    end

    # Read to the end before the answer, within reason: a client that still sends may not listen.
    def discard(count)
      @body = String.new
      @discarded += count + 1
      if @discarded > MOST_DISCARDED || (@left > MOST_DISCARDED && !@chunked)
        raise BadRequest.new(413, "the body is larger than #{@max_body} bytes")
      end
    end

    def read_chunks
      loop do
        case @state
        when :size then return false unless read_size
        when :data
          take
          return false unless @left.zero?

          @state = :after
        when :after
          return false if @buffer.bytesize < 2
          raise BadRequest.new(400, 'a chunk is longer than it says') unless @buffer.slice!(0, 2) == "\r\n"

          @state = :size
        when :trailer
          line = read_line || (return false)
          return true if line.empty?
        end
      end
    end

    def read_size
      line = read_line
      return false unless line
      raise BadRequest.new(400, 'the size of a chunk is no number') unless line =~ /\A(\h{1,8})(?:[ \t]*;.*)?\z/n

      @left = $1.hex
      @state = @left.zero? ? :trailer : :data
      true
    end

    def read_line
      ending = @buffer.index("\r\n")
      raise BadRequest.new(400, 'a line of the chunks is too long') if (ending || @buffer.bytesize) > MAX_LINE

      ending && @buffer.slice!(0, ending + 2).chomp("\r\n")
    end
  end
end
