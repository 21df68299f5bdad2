# shellcheck shell=bash
# queue: what waits to be sent, one file a message below $SPOOL/<channel>, oldest name first. The first
# line is the subject; the text follows after an empty line. No secret is in there.

readonly QUEUE_MAX=500 TELL_BYTES_MAX=4000

# now_us: of the clock, in microseconds. Not by `date`: that of Ubuntu 26.04's first images (uutils 0.8)
# writes %6N with nine digits, and names would not sort by age any more.
now_us() { printf '%s' "${EPOCHREALTIME/./}"; }

# save FILE TEXT: the whole text or the old one, whatever happens meanwhile.
save() {
  local fresh
  fresh=$(mktemp -- "$STATE/.save.XXXXXX")
  printf '%s\n' "$2" >"$fresh"
  sync -- "$fresh"
  mv -T -- "$fresh" "$1"
}

channels() {
  local name
  for name in mail slack pushover; do
    if [[ -f $CONFIG/$name ]]; then printf '%s\n' "$name"; fi
  done
}

# enqueue ID SUBJECT TEXT: for every channel there is. The same id twice is one message.
enqueue() {
  local id=$1 channel fresh waiting queued=''
  for channel in $(channels); do
    install -d -m 700 -- "$SPOOL/$channel"
    waiting=$(count_in "$SPOOL/$channel")
    if ((waiting >= QUEUE_MAX)); then
      # The oldest say how it began, so they stay, and the number of the others is reported later.
      printf '%s\n' "$id" >>"$STATE/$channel.dropped"
      log "$channel: DROPPED $id, for $waiting alerts wait already: $2"
      continue
    fi
    # On the same file system as the queue, but not in a folder that is being watched.
    fresh=$(mktemp -- "$SPOOL/.new.XXXXXX")
    printf '%s\n\n%s\n' "$2" "$3" >"$fresh"
    sync -- "$fresh"
    mv -T -- "$fresh" "$SPOOL/$channel/$id"
    sync -- "$SPOOL/$channel"
    queued+=" $channel"
  done
  log "alert $id: $2; queued for:${queued:- nobody}"
}

# tell TOPIC SUBJECT: for programs that know when something is wrong with what they look after. The text is on
# stdin; whatever is in it, what is queued is short and plain.
tell() {
  local text
  [[ $1 =~ ^[a-z][a-z-]{0,19}$ && $2 =~ [^[:space:]] ]] || {
    printf 'a topic is up to 20 small letters and dashes; a subject is a line of text\n' >&2
    exit 64
  }
  text=$(head -c "$TELL_BYTES_MAX" | tr -c '[:print:]\n' '?')
  enqueue "$(now_us)-$1" "[$HOST] $(printable "$2")" "$text"$'\n\n'"Server:   $HOST"
}

count_in() { find "$1" -mindepth 1 -type f 2>/dev/null | wc -l; }

# first_waiting CHANNEL: fails if none waits.
first_waiting() {
  local file
  for file in "$SPOOL/$1"/*; do
    [[ -f $file ]] || continue
    printf '%s' "$file"
    return 0
  done
  return 1
}

# park CHANNEL FILE: a message that the service will not have makes way for the others.
park() {
  local folder="$SPOOL/refused/$1" oldest
  install -d -m 700 -- "$SPOOL/refused" "$folder"
  touch -- "$2"
  mv -T -- "$2" "$folder/${2##*/}"
  while (($(count_in "$folder") > QUEUE_MAX)); do
    oldest=$(find "$folder" -type f | sort | head -n 1)
    printf '%s\n' "${oldest##*/}" >>"$STATE/$1.dropped"
    log "$1: DROPPED ${oldest##*/}, which the service had refused"
    rm -f -- "$oldest"
  done
}

# requeue_refused [TEST...]: refused messages get another chance; TEST is find's, such as their age.
requeue_refused() {
  local file channel
  while IFS= read -r -d '' file; do
    channel=${file%/*} channel=${channel##*/}
    if [[ ! -f $CONFIG/$channel ]]; then continue; fi
    mv -T -- "$file" "$SPOOL/$channel/${file##*/}"
    log "$channel: ${file##*/} queued once more"
  done < <(find "$SPOOL/refused" -type f "$@" -print0 2>/dev/null)
}

# own_up CHANNEL: once a channel works again, it says how many alerts it never got.
own_up() {
  local dropped=$STATE/$1.dropped number
  [[ -s $dropped ]] || return 0
  number=$(wc -l <"$dropped")
  printf '%s\n\n%s\n' "[$HOST] $number alerts were dropped" \
    "While $1 could not be reached more alerts came up than are kept ($QUEUE_MAX). See $LOG on $HOST." \
    >"$SPOOL/.own-up.$1"
  mv -T -- "$SPOOL/.own-up.$1" "$SPOOL/$1/$(now_us)-dropped"
  rm -f -- "$dropped"
}
