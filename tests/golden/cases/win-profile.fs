only windows-unelevated windows-elevated
home /Users/me
workspace /Users/me/project
dir /Users/me/AppData/Local/Google/Chrome/User%20Data
dir /Users/me/AppData/Local/Temp
dir /Users/me/AppData/Roaming/Microsoft/Credentials
file /Users/me/.ssh/id_ed25519 key
file /Users/me/NTUSER.DAT
dir /Users/me/project/.git
dir /Users/Public
dir /ProgramData
dir /Windows/Temp
dir /Windows/System32/config
