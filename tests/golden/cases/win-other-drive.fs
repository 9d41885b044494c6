only windows-unelevated windows-elevated
workspace D:/src/w
dir D:/src/w/.git
