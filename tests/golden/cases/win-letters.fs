only windows-unelevated windows-elevated
dir /home/u/übung/ключ
dir /home/u/ắằ
