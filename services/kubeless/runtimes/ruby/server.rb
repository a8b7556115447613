# frozen_string_literal: true

# The function server: this process speaks HTTP, worker processes run the function.
#
# So nothing that a function does (an endless loop, exit!, a file that never returns from being loaded) stops the server
# from answering. It listens once the function is loaded, and ends with code 1 if that cannot be done; the last line of
# the log then says why.

require_relative 'lib/front'
require_relative 'lib/settings'

$stdout.sync = $stderr.sync = true
begin
  exit Kubeless::Front.new(Kubeless::Settings.new(ENV)).run
rescue Kubeless::SettingError, Kubeless::PortUnavailable => error
  abort error.message
end
