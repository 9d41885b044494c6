<#
realwin.ps1 - carrel's battery on a real Windows: every case in one step, with a JSON file.

It was never run where carrel is developed (there is no PowerShell); the table it reads is run in the
test bed by realwin.py, in the same order. Keep the two alike.

Needs   Windows 10 or 11 x64, PowerShell 5.1, an ordinary user (not elevated), no module.
Get it  'make windows-kit' on Linux makes carrel-windows-kit.zip: this script, realwin.tsv, carrel.exe and
        the test programs. Unpack it into a directory of its own, outside every workspace.
Run     powershell -NoProfile -ExecutionPolicy Bypass -File realwin.ps1 [-Json FILE]

Makes directories under %TEMP% and %USERPROFILE%, each with a carrel state of its own (LOCALAPPDATA), so
that boxes of yours are not touched, and C:\testbed-probe and a key of HKCU\Software for the probes.
Removes them at the end and after Ctrl-C.
A console often runs its programs in a job; so the gap job-ui is accepted with those of this tier.
Exit code: 0 every case is as expected, 1 one is not or it could not go on, 2 it did not begin.

The JSON file:
  schema    1
  machine   build, release, product, edition, architecture, locale, ui_locale, powershell, carrel,
            temp_file_system, profile_file_system
  passed, failed   numbers
  cases     [{where: "temp" | "profile" | "programs", name, good: true | false,
              seen: what came, "" when it was as expected}]
A run that was interrupted or could not go on writes no file.
#>
param([string]$Json = 'realwin.json')

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'

$Bin = Split-Path -Parent $MyInvocation.MyCommand.Path
$Carrel = Join-Path $Bin 'carrel.exe'
$Probe = Join-Path $Bin 'escape_probe.exe'
$Dump = Join-Path $Bin 'journal_probe.exe'
$Cmd = Join-Path $env:SystemRoot 'System32\cmd.exe'
$Seconds = 180
$AttackSeconds = 1800 # of all attacks together, each of which is started twice

# What probe_files and probe_objects make, and leave when they are interrupted.
$ProbeTop = 'C:\testbed-probe'
$ProbeKey = 'Software\testbed-probe'

$Directories = 'out/sub/deep', 'out/empty', 'out/everyones', 'ws/.git/hooks', 'ws/d/deep', 'local/carrel'
$Files = 'out/f', 'out/everyone', 'out/sub/f', 'ws/f', 'ws/g', 'ws/d/deep/f', 'ws/.git/config'
$Link = 'ws/hl', 'out/sub/f'
$StateFiles = 'local/carrel/sid-seed', 'local/carrel/acl-journal'
$Box = 'run', '--quiet', '--accept-gap=network', '--accept-gap=hidden-files', '--accept-gap=delete-low', '--accept-gap=job-ui', '--workspace'

$Cases = New-Object System.Collections.ArrayList
$Tops = New-Object System.Collections.ArrayList
$Running = New-Object System.Collections.ArrayList
$Utf8 = New-Object System.Text.UTF8Encoding $false

function Add-Case([string]$Where, [string]$Name, [bool]$Good, [string]$Seen) {
    $word = 'FAIL'
    if ($Good) { $word = 'ok  '; $Seen = '' }
    Write-Host ($word + ' ' + $Where + ': ' + $Name)
    if (-not $Good) { Write-Host ('     ' + $Seen.Trim()) }
    [void]$Cases.Add(@{ where = $Where; name = $Name; good = $Good; seen = $Seen })
}

# No word of ours holds a quotation mark or ends with a backslash.
function New-StartInfo([string]$Directory, [hashtable]$Variables, [string[]]$Words) {
    $info = New-Object System.Diagnostics.ProcessStartInfo
    $info.FileName = $Words[0]
    $line = ''
    for ($i = 1; $i -lt $Words.Length; $i++) {
        # cmd.exe does not know its own switches when they are quoted
        if ($Words[$i] -match '^[\w\\:./=-]+$') { $line += $Words[$i] + ' ' } else { $line += '"' + $Words[$i] + '" ' }
    }
    $info.Arguments = $line.TrimEnd()
    $info.WorkingDirectory = $Directory
    $info.UseShellExecute = $false
    $info.CreateNoWindow = $true
    $info.RedirectStandardInput = $true
    $info.RedirectStandardOutput = $true
    $info.RedirectStandardError = $true
    $info.StandardOutputEncoding = $Utf8
    $info.StandardErrorEncoding = $Utf8
    foreach ($name in $Variables.Keys) { $info.EnvironmentVariables[$name] = $Variables[$name] }
    return $info
}

# Waits in short turns, so that Ctrl-C is heard between them.
function Invoke-Program([string]$Directory, [hashtable]$Variables, [string[]]$Words, [int]$Most = $Seconds) {
    $process = [System.Diagnostics.Process]::Start((New-StartInfo $Directory $Variables $Words))
    [void]$Running.Add($process)
    $out = $process.StandardOutput.ReadToEndAsync()
    $err = $process.StandardError.ReadToEndAsync()
    $process.StandardInput.Close()
    $deadline = (Get-Date).AddSeconds($Most)
    while (-not $process.WaitForExit(200)) {
        if ((Get-Date) -gt $deadline) { $process.Kill(); $process.WaitForExit() }
    }
    $text = ''
    if ($out.Wait(10000)) { $text += $out.Result }
    if ($err.Wait(10000)) { $text += $err.Result }
    $Running.Remove($process)
    return @{ Code = $process.ExitCode; Text = $text.Replace("`r", '') }
}

function New-Place([string]$Top, [string]$Name) {
    $place = Join-Path $Top $Name
    if ([System.IO.Directory]::Exists($place)) {
        [void](Invoke-Program $Top @{} @($Cmd, '/d', '/c', 'rd', '/s', '/q', $place))
    }
    foreach ($part in $Directories) {
        [void][System.IO.Directory]::CreateDirectory((Join-Path $place $part.Replace('/', '\')))
    }
    $wanted = $Files
    if ($Name -eq 'c') { $wanted = $Files + $StateFiles }
    foreach ($part in $wanted) {
        [System.IO.File]::WriteAllText((Join-Path $place $part.Replace('/', '\')), $part + "`n")
    }
    $names = @(($place + '\' + $Link[0].Replace('/', '\')), ($place + '\' + $Link[1].Replace('/', '\')))
    [void](Invoke-Program $Top @{} (@($Cmd, '/d', '/c', 'mklink', '/h') + $names))
    if (-not [System.IO.File]::Exists($names[0])) { throw ('cannot make ' + $names[0]) }
    return $place
}

function Get-Variables([string]$Place, [string]$State) {
    return @{ T_OUT = "$Place\out"; T_WS = "$Place\ws"; T_STATE = "$State\carrel"; T_CARREL = $Carrel
              T_PID = [string]$script:Victim.Id; LOCALAPPDATA = $State }
}

function Invoke-Here([string]$Place, [string]$State, [string[]]$Words) {
    return Invoke-Program $Place (Get-Variables $Place $State) $Words
}

function Open-ToEveryone([string]$Place, [string]$State) {
    [void](Invoke-Here $Place $State @($Probe, 'open', "$Place\out\everyone", "$Place\out\everyones"))
}

# 'yes', 'no', or what the program said instead.
function Get-Answer([string]$Text, [string]$Name) {
    $match = [regex]::Match($Text, '(?m)^' + [regex]::Escape($Name) + ' (yes|no)$')
    if ($match.Success) { return $match.Groups[1].Value }
    return 'no answer: ' + $Text
}

function Test-Outside([string]$Where, [string]$Top) {
    foreach ($row in $Rows) {
        if ($row[0] -ne 'op') { continue }
        $place = New-Place $Top 'c'
        if ($row[1].StartsWith('everyone')) { Open-ToEveryone $place "$place\local" }
        if ($row[1] -eq 'victim-pipe') { $script:Victim.StandardInput.WriteLine('') }
        $done = Invoke-Here $place "$place\local" @($Probe, 'try', $row[1])
        $seen = Get-Answer $done.Text $row[1]
        $good = ($seen -eq 'yes') -or (($Any -contains $row[1]) -and ($seen -eq 'no'))
        Add-Case $Where ('outside: ' + $row[1]) $good $seen
    }
}

function Test-Untouched([string]$Where, [string]$How, [string]$Place) {
    $changed = ''
    foreach ($part in @($Files | Where-Object { $_ -like 'out/*' -or $_ -like 'ws/.git/*' })) {
        $path = Join-Path $Place $part.Replace('/', '\')
        if (-not [System.IO.File]::Exists($path)) { $changed += ' gone: ' + $part }
        elseif ([System.IO.File]::ReadAllText($path) -cne ($part + "`n")) { $changed += ' changed: ' + $part }
    }
    Add-Case $Where ($How + ': files outside and protected are untouched') ($changed -eq '') $changed
}

function Test-Inside([string]$Where, [string]$Top, [string]$How) {
    $place = New-Place $Top ('b' + $How)
    $state = "$Top\state"
    Open-ToEveryone $place $state
    $words = @($Carrel) + $Box + @("$place\ws", '--', $Probe, $How)
    foreach ($row in $Rows) { if ($row[0] -eq 'op') { $words += $row[1] } }
    $done = Invoke-Here $place $state $words
    Add-Case $Where ($How + ': the box ends with 0') ($done.Code -eq 0) ([string]$done.Code + ' ' + $done.Text)
    foreach ($row in $Rows) {
        if ($row[0] -ne 'op') { continue }
        $wanted = 'no'
        if ($row[2] -eq 'works') { $wanted = 'yes' }
        $seen = Get-Answer $done.Text $row[1]
        Add-Case $Where ($How + ': ' + $row[1] + ' ' + $row[2]) ($seen -eq $wanted) $seen
    }
    Test-Untouched $Where $How $place
}

function Get-Words([string]$Text, [string]$Place) {
    $known = @{ '{carrel}' = @($Carrel); '{probe}' = @($Probe); '{ws}' = @("$Place\ws"); '{cmd}' = @($Cmd)
                '{box}' = @($Carrel) + $Box + @("$Place\ws", '--') }
    $words = @()
    foreach ($word in $Text.Split(' ')) {
        if ($known.ContainsKey($word)) { $words += $known[$word] } else { $words += $word }
    }
    return $words
}

function Test-Programs([string]$Where, [string]$Kind, [string]$Top, [string]$Place) {
    foreach ($row in $Rows) {
        if ($row[0] -ne $Kind) { continue }
        $done = Invoke-Here $Place "$Top\state" (Get-Words $row[4] $Place)
        $good = ($done.Code -eq [int]$row[2]) -and [regex]::IsMatch($done.Text, '(?m)' + $row[3])
        Add-Case $Where $row[1] $good ([string]$done.Code + ' ' + $done.Text)
    }
}

function Get-Descriptors([string]$Top, [string]$Place) {
    $done = Invoke-Here $Place "$Top\state" @($Dump, 'dump', "$Place\ws", "$Place\out")
    $lines = @($done.Text.Split("`n") | Where-Object { $_ -match '\t[0-9a-f]+$' } | Sort-Object)
    return $lines -join "`n"
}

function Test-Undone([string]$Where, [string]$Top) {
    $place = New-Place $Top 'u'
    $before = Get-Descriptors $Top $place
    [void](Invoke-Here $place "$Top\state" (@($Carrel) + $Box + @("$place\ws", '--', $Probe, 'try', 'work-read-outside')))
    $during = Get-Descriptors $Top $place
    Test-Programs $Where 'after' $Top $place
    $after = Get-Descriptors $Top $place
    Add-Case $Where 'a box changes descriptors' (($before -ne '') -and ($before -ne $during)) $during
    Add-Case $Where 'uninstall restores every descriptor' ($before -eq $after) ($before + "`nnow`n" + $after)
}

function Test-All([string]$Where, [string]$Base) {
    $top = Join-Path $Base ('carrel-realwin-' + [guid]::NewGuid().ToString('N'))
    [void]$Tops.Add($top)
    [void][System.IO.Directory]::CreateDirectory("$top\state")
    Test-Programs $Where 'before' $top (New-Place $top 'p')
    Test-Outside $Where $top
    Test-Inside $Where $top 'try'
    Test-Inside $Where $top 'child'
    Test-Undone $Where $top
}

# A program that speaks TAP: each of its lines is a case.
function Test-Tap([string]$Name, [string]$Program) {
    $done = Invoke-Program $Work @{} @((Join-Path $Work $Program))
    $lines = @($done.Text.Split("`n") | Where-Object { $_ -match '^(not )?ok ' })
    foreach ($line in $lines) {
        Add-Case 'programs' ($Name + ': ' + ($line -replace '^(not )?ok \d+ - ', '')) ($line -match '^ok ') $line
    }
    Add-Case 'programs' ($Name + ': ran to its end') (($lines.Length -gt 0) -and ($done.Text -match '(?m)^1\.\.\d+')) $done.Text
}

# Lines "case|answer|wanted|of another system|source".
function Test-Probe([string]$Name, [string]$Program) {
    $done = Invoke-Program $Work @{} @((Join-Path $Work $Program))
    $count = 0
    foreach ($line in $done.Text.Split("`n")) {
        $parts = $line.Split('|')
        if ($parts.Length -ne 5) { continue }
        $count++
        Add-Case 'programs' ($Name + ': ' + $parts[0]) ($parts[1] -eq $parts[2]) ($line)
    }
    Add-Case 'programs' ($Name + ': ran to its end') (($done.Code -eq 0) -and ($count -gt 40)) $done.Text
}

# carrel's own battery: each attack is a case, and its verdict is part of the case's name.
function Test-Attacks([string]$Name, [string]$Text, [string]$Top) {
    $done = Invoke-Program $Work @{ LOCALAPPDATA = "$Top\state" } (Get-Words $Text $Top) $AttackSeconds
    $attacks = @()
    try { $attacks = @((ConvertFrom-Json $done.Text).attacks) } catch { }
    foreach ($attack in $attacks) {
        Add-Case 'programs' ($Name + ': ' + $attack.name + ': ' + $attack.verdict) ($attack.verdict -ne 'not_held') ([string]$attack.text)
    }
    Add-Case 'programs' ($Name + ': ran to its end') (($attacks.Length -gt 100) -and ($done.Code -le 1)) $done.Text
}

function Test-OwnPrograms([string]$Top) {
    $script:Work = Join-Path $Top 'bin'
    [void]$Tops.Add($Top)
    [void][System.IO.Directory]::CreateDirectory("$Top\state")
    [void][System.IO.Directory]::CreateDirectory($Work)
    foreach ($path in [System.IO.Directory]::GetFiles($Bin, '*.exe')) {
        [System.IO.File]::Copy($path, (Join-Path $Work ([System.IO.Path]::GetFileName($path))))
    }
    foreach ($row in $Rows) {
        if ($row[0] -eq 'tap') { Test-Tap $row[1] $row[2] }
        if ($row[0] -eq 'attacks') { Test-Attacks $row[1] $row[2] $Top }
        if ($row[0] -eq 'probe') { Test-Probe $row[1] $row[2] }
    }
}

function Get-FileSystem([string]$Path) {
    return (New-Object System.IO.DriveInfo ([System.IO.Path]::GetPathRoot($Path))).DriveFormat
}

function Get-Machine {
    $key = 'HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion'
    $build = [string][Microsoft.Win32.Registry]::GetValue($key, 'CurrentBuild', '')
    $revision = [string][Microsoft.Win32.Registry]::GetValue($key, 'UBR', '')
    return @{
        build = $build + '.' + $revision
        release = [string][Microsoft.Win32.Registry]::GetValue($key, 'DisplayVersion', '')
        product = [string][Microsoft.Win32.Registry]::GetValue($key, 'ProductName', '')
        edition = [string][Microsoft.Win32.Registry]::GetValue($key, 'EditionID', '')
        architecture = [string]$env:PROCESSOR_ARCHITECTURE
        locale = [System.Globalization.CultureInfo]::CurrentCulture.Name
        ui_locale = [System.Globalization.CultureInfo]::InstalledUICulture.Name
        powershell = $PSVersionTable.PSVersion.ToString()
        carrel = (Invoke-Program $Bin @{} @($Carrel, '--version')).Text.Trim()
        temp_file_system = Get-FileSystem ([System.IO.Path]::GetTempPath())
        profile_file_system = Get-FileSystem $env:USERPROFILE
    }
}

function Start-Victim {
    $script:Victim = [System.Diagnostics.Process]::Start((New-StartInfo $Bin @{} @($Probe, 'victim')))
    [void]$Running.Add($Victim)
    $line = $Victim.StandardOutput.ReadLine()
    if ($line -ne ('ready ' + $Victim.Id)) { throw 'the victim does not start' }
}

function Start-Quietly([string]$Program, [string]$Line, [string]$State) {
    $info = [System.Diagnostics.ProcessStartInfo]::new($Program, $Line)
    $info.UseShellExecute = $false
    $info.CreateNoWindow = $true
    if ($State -ne '') { $info.EnvironmentVariables['LOCALAPPDATA'] = $State }
    try { [System.Diagnostics.Process]::Start($info).WaitForExit() } catch { }
}

# Also after Ctrl-C, when nothing may be written to the pipeline: so it calls .NET only.
function Remove-Everything {
    foreach ($process in $Running) {
        try { if (-not $process.HasExited) { $process.Kill(); $process.WaitForExit() } } catch { }
    }
    try { [Microsoft.Win32.Registry]::CurrentUser.DeleteSubKeyTree($ProbeKey, $false) } catch { }
    if ([System.IO.Directory]::Exists($ProbeTop)) {
        Start-Quietly ($env:SystemRoot + '\System32\icacls.exe') ($ProbeTop + ' /reset /t /c /q') ''
        Start-Quietly $Cmd ('/d /c rd /s /q ' + $ProbeTop) ''
    }
    foreach ($top in $Tops) {
        Start-Quietly $Carrel 'uninstall' "$top\state"
        Start-Quietly $Cmd ('/d /c rd /s /q "' + $top + '"') ''
        if ([System.IO.Directory]::Exists($top)) { [System.Console]::WriteLine('left behind: ' + $top) }
    }
}

$principal = New-Object System.Security.Principal.WindowsPrincipal ([System.Security.Principal.WindowsIdentity]::GetCurrent())
if ([System.IO.Directory]::Exists($ProbeTop)) {
    Write-Host ('there is a ' + $ProbeTop + ' already, which would be removed')
    exit 2
}
if ($principal.IsInRole([System.Security.Principal.WindowsBuiltInRole]::Administrator)) {
    Write-Host 'start this as an ordinary user: it is about what a program of yours may do without elevation'
    exit 2
}
$Rows = @()
$Any = @()
foreach ($line in [System.IO.File]::ReadAllLines((Join-Path $Bin 'realwin.tsv'))) {
    if ($line -eq '' -or $line.StartsWith('#')) { continue }
    $parts = $line.Split("`t")
    if ($parts[0] -eq 'any') { $Any += $parts[1] } else { $Rows += , $parts }
}
foreach ($line in (Invoke-Program $Bin @{} @($Probe, 'list')).Text.Split("`n")) {
    $parts = $line.Split("`t")
    if ($parts.Length -ge 2) { $Rows += , @('op', $parts[0], $parts[1]) }
}
# TEMP may be spelt with 8.3 names, which a policy may not have
$temp = Join-Path $env:LOCALAPPDATA 'Temp'
if (-not [System.IO.Directory]::Exists($temp)) { $temp = [System.IO.Path]::GetTempPath().TrimEnd('\') }
try {
    $machine = Get-Machine
    Start-Victim
    Test-All 'temp' $temp
    Test-All 'profile' $env:USERPROFILE
    Test-OwnPrograms (Join-Path $temp ('carrel-realwin-' + [guid]::NewGuid().ToString('N')))
    $failed = 0
    foreach ($case in $Cases) { if (-not $case.good) { $failed++ } }
    $report = @{ schema = 1; machine = $machine; passed = $Cases.Count - $failed; failed = $failed; cases = $Cases.ToArray() }
    $text = ConvertTo-Json -InputObject $report -Depth 5
    $path = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Json)
    [System.IO.File]::WriteAllText($path, $text, $Utf8)
    Write-Host ([string]($Cases.Count - $failed) + ' as expected, ' + [string]$failed + ' not; ' + $path)
} finally {
    Remove-Everything
}
if ($failed -gt 0) { exit 1 }
exit 0
