#!/bin/sh
# Plays a day with the task program and prints what a person would see.
#
#     todo_day.sh TODO [FILE]        TODO: the program, with its words (a valgrind before it, say)
#
# Each command is a process of its own, as it would be. The clock is given to the program with the
# command, so the day prints the same bytes each time. FILE (default day.json) is made anew and
# left behind.
set -u

todo=$1
file=${2:-day.json}
rm -f "$file" "$file.lock"

# say TEXT: a line between the commands.
say() {
    printf '# %s\n\n' "$*"
}

# at HH:MM WORD...: runs the command at that time of the day and shows it as it was typed.
at() {
    time=$1
    shift
    printf '%s $ todo %s' "$time" "$file"
    for word; do
        case $word in
        *[!A-Za-z0-9.,:=_-]*) printf " '%s'" "$word" ;;
        *) printf ' %s' "$word" ;;
        esac
    done
    printf '\n'
    # The time without its colon is the seed of the one UUID that such a process makes.
    TODO_CLOCK="2026-11-21T$time:00Z" TODO_SEED="1${time%:*}${time#*:}" \
        $todo "$file" "$@" 2>&1 || printf '(exit status %d)\n' $?
    printf '\n'
}

say 'Morning: everything that comes to mind. A task below another one takes its ID with it.'
at 08:00 add Groceries
at 08:00 list
at 08:01 add --under 1 Bread
at 08:02 add --under 1 Milk
at 08:03 add --under 1 --high Coffee
at 08:04 add Call the dentist
at 08:05 add --high --due 2026-11-30 Tax return
at 08:06 add --high Trip to Lisbon
at 08:07 add --under h2 Book the train
at 08:08 add --under h2 Find a room
at 08:09 add Water the plants
at 08:10 list

say 'What is being worked on shows an a. The trip, h2 until now, is the first of its kind: h1.'
at 09:30 start h1
at 09:31 list
at 09:45 search the

say 'Three things done in one command. All three IDs are meant as they are now.'
at 12:10 done 1.1 1.h1 2

say 'The numbers have closed up: Milk was 1.2, the plants were 3. What is done is out of sight,'
at 12:11 list

say 'but not gone: it shows a d, and comes back to its old place when it is reopened.'
at 12:12 list all
at 12:13 reopen d1
at 12:14 list
at 12:15 show 2

say 'Mistakes are explained, and change nothing.'
at 14:00 done 1 7
at 14:01 done 1.4
at 14:02 add --under 1.x Tea
at 14:03 delete h1
at 14:04 move 1 1.1

say 'The tree can be rearranged.'
at 15:00 move 3 h1
at 15:01 rename h1.2 Find a room with a view
at 15:02 delete 1.1
at 15:03 delete --cascade 1
at 15:04 lower ah1

say 'The file is text: a person edits it in an editor, here with sed, and the next command sees it.'
printf "16:30 \$ sed -i 's/Call the dentist/Dentist at ten/' %s\n\n" "$file"
sed -i 's/Call the dentist/Dentist at ten/' "$file"
at 16:31 list
at 17:00 done 1 a1
at 18:00 list all

say 'What the day leaves behind:'
printf '18:01 $ cat %s\n' "$file"
cat "$file"
