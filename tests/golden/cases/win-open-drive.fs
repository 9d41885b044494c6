only windows-unelevated windows-elevated
fact open-drives DE
dir D:/build/.git
file D:/keys/id
