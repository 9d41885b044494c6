# carrel.fish - completion of carrel(1) for fish.

set -l commands run plan explain doctor verify init policy trust approvals approve deny uninstall
set -l boxes run plan explain policy

complete -c carrel -f
complete -c carrel -n "not __fish_seen_subcommand_from $commands" -l version -d 'the version'
complete -c carrel -l help -d 'help'

complete -c carrel -n __fish_use_subcommand -a run -d 'run a command in a box'
complete -c carrel -n __fish_use_subcommand -a plan -d 'print what run would do'
complete -c carrel -n __fish_use_subcommand -a explain -d 'say whether something would be allowed'
complete -c carrel -n __fish_use_subcommand -a doctor -d 'say what this machine can enforce'
complete -c carrel -n __fish_use_subcommand -a verify -d 'attack a box and say what held'
complete -c carrel -n __fish_use_subcommand -a init -d 'write a starter policy'
complete -c carrel -n __fish_use_subcommand -a policy -d 'print or check the policy in effect'
complete -c carrel -n __fish_use_subcommand -a trust -d 'accept what a project asks for'
complete -c carrel -n __fish_use_subcommand -a approvals -d 'list what running boxes ask'
complete -c carrel -n __fish_use_subcommand -a approve -d 'allow what a box asks'
complete -c carrel -n __fish_use_subcommand -a deny -d 'refuse what a box asks'
complete -c carrel -n __fish_use_subcommand -a uninstall -d 'take back what boxes have left on files'

set -l box "__fish_seen_subcommand_from $boxes"
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
complete -c carrel -n $box -l accept-gap -x -a 'ask-files connect-names metadata protected-paths' -d 'run without this'

set -l other '__fish_seen_subcommand_from plan explain policy'
complete -c carrel -n $other -l os -x -a 'linux windows macos' -d 'for another system'
complete -c carrel -n $other -l home -x -a '(__fish_complete_directories)' -d 'the home directory to assume'

set -l run '__fish_seen_subcommand_from run'
complete -c carrel -n $run -l chdir -x -a '(__fish_complete_directories)' -d 'start there'
complete -c carrel -n $run -l events -r -F -d 'write refusals and connections as JSON lines'
complete -c carrel -n $run -l ask-timeout -x -a '90s 10m 1h' -d 'how long somebody has to answer'
complete -c carrel -n $run -l no-ask -d 'ask nobody'
complete -c carrel -n $run -l no-explain -d 'do not watch for refusals'
complete -c carrel -n $run -l quiet -d 'do not print refusals'
complete -c carrel -n '__fish_seen_subcommand_from run plan' -l publish -x -d 'let the host connect to a server in the box'
complete -c carrel -n '__fish_seen_subcommand_from run plan' -a '(__fish_complete_subcommand)'

complete -c carrel -n '__fish_seen_subcommand_from plan' -l json -d 'print JSON'
complete -c carrel -n '__fish_seen_subcommand_from explain' -a 'read write connect unix git'
complete -c carrel -n '__fish_seen_subcommand_from explain' -F
complete -c carrel -n '__fish_seen_subcommand_from policy' -a 'show check'
complete -c carrel -n '__fish_seen_subcommand_from policy' -F

set -l verify '__fish_seen_subcommand_from verify'
complete -c carrel -n $verify -l dir -x -a '(__fish_complete_directories)' -d 'where targets are made'
complete -c carrel -n $verify -l only -x -d 'only these attacks'
complete -c carrel -n $verify -l tier -x -a 'full landlock' -d 'insist on a tier'
complete -c carrel -n $verify -l accept-gap -x -d 'of boxes without this'
complete -c carrel -n $verify -l no-control -d 'do not try it outside first'
complete -c carrel -n $verify -l json -d 'print JSON'

complete -c carrel -n '__fish_seen_subcommand_from init' -l user -d 'your own policy'
complete -c carrel -n '__fish_seen_subcommand_from init' -l project -d 'of this directory'
complete -c carrel -n '__fish_seen_subcommand_from trust' -l yes -d 'do not ask'
complete -c carrel -n '__fish_seen_subcommand_from trust' -l revoke -d 'trust it no longer'
complete -c carrel -n '__fish_seen_subcommand_from trust' -a '(__fish_complete_directories)'
complete -c carrel -n '__fish_seen_subcommand_from approvals' -l json -d 'print JSON lines'
complete -c carrel -n '__fish_seen_subcommand_from approvals' -l watch -d 'go on, and print what happens'
complete -c carrel -n '__fish_seen_subcommand_from approve' -l for -x -a '90s 10m 1h' -d 'only for a time'
complete -c carrel -n '__fish_seen_subcommand_from approve deny' -a '(carrel approvals --json 2>/dev/null | string match -rg \'"id":"([0-9a-f]+)"\')'
complete -c carrel -n '__fish_seen_subcommand_from doctor' -l repair -d 'take back what boxes have left'
