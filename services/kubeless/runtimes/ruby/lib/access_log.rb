# frozen_string_literal: true

module Kubeless
  # One line on stdout per request, in the combined log format. What a client sent is escaped, so that it can neither
  # end the line nor forge another field. Lines of one turn of the loop are written together.
  class AccessLog
    MONTHS = %w[Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec].freeze
    MAX_FIELD = 2048

    def initialize
      @second = 0
      @stamp = ''
      @lines = String.new
    end

    # `path` is without the query, `size` the bytes of the body that was sent.
    def record(client, method, path, version, headers, status, size)
      refresh(Time.now.to_i)
      line = "#{method} #{clean(path)} #{version}"
      referer, agent = %w[referer user-agent].map { |name| clean(headers[name]) }
      @lines << "#{client} - - [#{@stamp}] \"#{line}\" #{status} #{size} \"#{referer}\" \"#{agent}\"\n"
    end

    def flush
      return if @lines.empty?

      $stdout.write(@lines)
      @lines = String.new
    end

    private

    def refresh(now)
      return if now == @second

      @second = now
      moment = Time.at(now).utc
      @stamp = moment.strftime("%d/#{MONTHS[moment.month - 1]}/%Y:%H:%M:%S +0000")
    end

    def clean(text)
      return '-' if text.nil? || text.empty?

      text.byteslice(0, MAX_FIELD).b.gsub(/[^\x20-\x7e]|["\\]/n) { |found| "\\x#{found.unpack('H2').first}" }
    end
  end
end
