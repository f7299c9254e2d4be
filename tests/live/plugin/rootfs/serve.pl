use IO::Socket::UNIX;
$SIG{TERM} = sub { exit };
my $socket = IO::Socket::UNIX->new(Local => "/run/docker/plugins/live.sock", Listen => 5) or die $!;
while (my $peer = $socket->accept) { close $peer }
