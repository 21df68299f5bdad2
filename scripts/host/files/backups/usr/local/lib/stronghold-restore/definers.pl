# definers: passes SQL on from stdin to stdout, and sees to it that the accounts that it names as definers
# are there by then: a view that uses another view cannot be made without the other one's definer.
#
# Arguments: the schema, then the words of the client that makes the accounts.
#
# A name in some row's text is taken for a definer as well, which costs an account in an engine that is
# thrown away; hence no more than so many.
use strict;
use warnings;

my ($schema, @client) = @ARGV;
my $name = qr/`((?:[^`]|``){0,255})`/;
my %known;

binmode STDIN;
binmode STDOUT;
while (my $line = <STDIN>) {
  my $head = substr $line, 0, 1024;
  while ($head =~ /DEFINER\s*=\s*$name\@$name/g) {
    my $account = quoted($1) . '@' . quoted($2);
    next if $known{$account}++ or keys %known > 100;
    my $made = system @client, '-e',
      "CREATE USER IF NOT EXISTS $account; GRANT ALL PRIVILEGES ON $schema TO $account";
    # An account that cannot be made is missed by what needs it.
    warn "cannot make the account $account\n" if $made != 0;
  }
  print $line or exit 1;
}

sub quoted {
  my ($text) = @_;
  $text =~ s/``/`/g;
  $text =~ s/([\\'])/\\$1/g;
  return "'$text'";
}
