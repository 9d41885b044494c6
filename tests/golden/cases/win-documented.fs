only windows-unelevated windows-elevated
home /Users/me
workspace /Users/me/project
dir /Users/me/project/.git
dir /Users/me/.ssh
