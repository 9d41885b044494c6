# carrel.fish - completion of carrel(1) for fish.
# After the command to be boxed, completion is that command's own.

set -l gaps absent-protected ask-files change-entries connect-names delete-low delete-outside \
    hidden-files integrity job-ui limit-disk limit-files limit-memory limit-processes metadata \
    network open-volumes processes protected-paths rename-protected same-user-processes signals \
    truncate unix-sockets world-writable

# What stands behind the options of the command, "--" included, a word a line.
function __carrel_operands
    set -l words (commandline -opc)
    set -e words[1..2]
    while string match -q -- '-?*' $words[1]
        switch $words[1]
            case --
                break
            case '--*=*' --json --watch --no-ask --no-explain --quiet --no-control --user --project \
                --yes --revoke --repair --help -h
                set -e words[1]
            case '*'
                set -e words[1]
                set -q words[1]; and set -e words[1]
        end
    end
    for word in $words
        printf '%s\n' $word
    end
end

# Whether the command is one of those given.
function __carrel_is
    set -l words (commandline -opc)
    contains -- "$words[2]" $argv
end

# Whether it is, and its options have not ended.
function __carrel_options
    __carrel_is $argv; and test (count (__carrel_operands)) -eq 0
end

# Whether it is, and so many operands stand before the cursor.
function __carrel_operand
    __carrel_is $argv[2..-1]; or return 1
    set -l words (__carrel_operands)
    test "$words[1]" = --; and set -e words[1]
    test (count $words) -eq $argv[1]
end

function __carrel_boxed
    set -l words (__carrel_operands)
    test "$words[1]" = --; and set -e words[1]
    set -l line (string join ' ' -- (string escape -- $words) "$(commandline -ct)")
    complete --do-complete="$line"
end

# Whether explain's capability, which stands there, is one of those given.
function __carrel_explains
    __carrel_operand 1 explain; and contains -- (__carrel_operands)[-1] $argv
end

complete -c carrel -f

set -l first 'test (count (commandline -opc)) -eq 1'
complete -c carrel -n $first -l version -d 'the version'
complete -c carrel -n $first -a run -d 'run a command in a box'
complete -c carrel -n $first -a plan -d 'print what run would do'
complete -c carrel -n $first -a explain -d 'say whether something would be allowed'
complete -c carrel -n $first -a doctor -d 'say what this machine can enforce'
complete -c carrel -n $first -a verify -d 'attack a box and say what held'
complete -c carrel -n $first -a init -d 'write a starter policy'
complete -c carrel -n $first -a policy -d 'print or check the policy in effect'
complete -c carrel -n $first -a trust -d 'accept what a project asks for'
complete -c carrel -n $first -a approvals -d 'list what running boxes ask'
complete -c carrel -n $first -a approve -d 'allow what a box asks'
complete -c carrel -n $first -a deny -d 'refuse what a box asks'
complete -c carrel -n $first -a uninstall -d 'take back what boxes have left on files'
complete -c carrel -n 'test (count (__carrel_operands)) -eq 0' -l help -d help

set -l box '__carrel_options run plan explain policy'
complete -c carrel -n $box -l read -r -F -d 'let it read a path'
complete -c carrel -n $box -l write -r -F -d 'let it write a path'
complete -c carrel -n $box -l hide -r -F -d 'hide a path'
complete -c carrel -n $box -l protect -r -F -d 'keep a path readable but never writable'
complete -c carrel -n $box -l connect -x -d 'let it connect to HOST:PORT'
complete -c carrel -n $box -l unix -r -F -d 'let it connect to a socket'
complete -c carrel -n $box -l env -x -d 'set a variable'
complete -c carrel -n $box -l keep-env -x -a '(set -nx)' -d 'keep a variable'
complete -c carrel -n $box -l limit -x -a 'memory= processes= time= files= disk=' -d 'limit what it may use'
complete -c carrel -n $box -l timeout -x -a '90s 10m 1h' -d 'end the box after a time'
complete -c carrel -n $box -l policy -r -F -d 'add a policy file'
complete -c carrel -n $box -l workspace -x -a '(__fish_complete_directories)' -d 'the directory to work in'
complete -c carrel -n $box -l tier -x -a 'full landlock unelevated elevated' -d 'insist on a tier'
complete -c carrel -n $box -l accept-gap -x -a "$gaps" -d 'run without this'

set -l other '__carrel_options plan explain policy'
complete -c carrel -n $other -l os -x -a 'linux windows macos' -d 'for another system'
complete -c carrel -n $other -l home -x -a '(__fish_complete_directories)' -d 'the home directory to assume'

set -l run '__carrel_options run'
complete -c carrel -n $run -l chdir -x -a '(__fish_complete_directories)' -d 'start there'
complete -c carrel -n $run -l events -r -F -d 'write refusals and connections as JSON lines'
complete -c carrel -n $run -l ask-timeout -x -a '90s 10m 1h' -d 'how long somebody has to answer'
complete -c carrel -n $run -l no-ask -d 'ask nobody'
complete -c carrel -n $run -l no-explain -d 'do not watch for refusals'
complete -c carrel -n $run -l quiet -d 'do not print refusals'
complete -c carrel -n '__carrel_options run plan' -l publish -x -d 'let the host connect to a server in the box'
complete -c carrel -n '__carrel_is run plan' -a '(__carrel_boxed)'
complete -c carrel -n '__carrel_options plan' -l json -d 'print JSON'

complete -c carrel -n '__carrel_operand 0 explain' -a 'read write connect unix git'
complete -c carrel -n '__carrel_explains read write unix' -F
complete -c carrel -n '__carrel_explains git' -a 'read-only overlay destructive'
complete -c carrel -n '__carrel_operand 0 policy' -a 'show check'
complete -c carrel -n '__carrel_is policy; and not __carrel_operand 0 policy' -F

set -l verify '__carrel_options verify'
complete -c carrel -n $verify -l dir -x -a '(__fish_complete_directories)' -d 'where targets are made'
complete -c carrel -n $verify -l only -x -d 'only these attacks'
complete -c carrel -n $verify -l tier -x -a 'full landlock unelevated' -d 'insist on a tier'
complete -c carrel -n $verify -l accept-gap -x -a "$gaps" -d 'of boxes without this'
complete -c carrel -n $verify -l no-control -d 'do not try it outside first'
complete -c carrel -n $verify -l json -d 'print JSON'

complete -c carrel -n '__carrel_options init' -l user -d 'your own policy'
complete -c carrel -n '__carrel_options init' -l project -d 'of this directory'
complete -c carrel -n '__carrel_options trust' -l yes -d 'do not ask'
complete -c carrel -n '__carrel_options trust' -l revoke -d 'trust it no longer'
complete -c carrel -n '__carrel_operand 0 trust' -a '(__fish_complete_directories)'
complete -c carrel -n '__carrel_options approvals' -l json -d 'print JSON lines'
complete -c carrel -n '__carrel_options approvals' -l watch -d 'go on, and print what happens'
complete -c carrel -n '__carrel_options approve' -l for -x -a '90s 10m 1h' -d 'only for a time'
complete -c carrel -n '__carrel_operand 0 approve deny' -a '(carrel approvals --json 2>/dev/null | string match -rg \'"id":"([0-9a-f]+)"\')'
complete -c carrel -n '__carrel_options doctor' -l repair -d 'take back what boxes have left'
