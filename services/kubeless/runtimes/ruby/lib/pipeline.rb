# frozen_string_literal: true

module Kubeless
  # A socket that is never waited for: what cannot be written at once is kept and written when there is room.
  class Pipeline
    PIECE = 256 * 1024

    attr_reader :io

    def initialize(io)
      @io = io
      @out = String.new
      @sent = 0
    end

    def pending?
      @sent < @out.bytesize
    end

    def write(bytes)
      @out << bytes
      flush
    end

    # Write what there is room for; false if the other side has gone.
    def flush
      while pending?
        count = @io.write_nonblock(@out.byteslice(@sent, PIECE), exception: false)
        return true if count == :wait_writable

        @sent += count
      end
      @out = String.new
      @sent = 0
      true
    rescue SystemCallError, IOError
      false
    end

    # What has come: bytes, '' if nothing has, nil at the end.
    def read
      bytes = @io.read_nonblock(PIECE, exception: false)
      bytes == :wait_readable ? '' : bytes
    rescue SystemCallError, IOError
      nil
    end

    def close
      @io.close
    end
  end
end
