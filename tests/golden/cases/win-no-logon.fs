only windows-unelevated windows-elevated
fact no-logon
