"""What `mcapp images` says, in both languages."""

from __future__ import annotations

from mcapp.messages import Words

# What `--help` says, and what it refuses.
PURPOSE = Words(
    "Bring the images of an archive to this machine's k3s and, by ssh, to that of other machines.",
    "將封存檔中的映像檔匯入本機的 k3s，並透過 ssh 匯入其他機器的 k3s。",
)
ARCHIVE = Words(
    "the archive (default: mcapp-images.tar, here or in dist)",
    "封存檔（預設：此處或 dist 中的 mcapp-images.tar）",
)
TO = Words(
    "a machine as ssh knows it, to which the archive is copied; may be repeated",
    "要複製封存檔過去的機器，寫法與 ssh 相同；可重複指定",
)
NO_LOCAL = Words("leave this machine out", "略過本機")
KEEP = Words("leave the copy on the other machine", "在另一台機器上保留複製的封存檔")
CTR = Words(
    "how each machine's containerd is asked, such as 'ctr -n k8s.io' (default: %(default)s)",
    "查詢各機器 containerd 的指令，例如 'ctr -n k8s.io'（預設：%(default)s）",
)
SSH = Words(
    "the ssh to call, with its options (default: %(default)s)", "要呼叫的 ssh 與其選項（預設：%(default)s）"
)
TIMEOUT = Words(
    "for ssh to connect, 1 to 3600 (default: %(default)s)",
    "ssh 建立連線最多等幾秒，1 到 3600（預設：%(default)s）",
)
NO_MACHINE = Words(
    "--to must be a machine as ssh knows it, such as user@lab, not {given}.",
    "--to 必須是 ssh 可用的機器名稱，例如 user@lab，不可為 {given}。",
)
NOWHERE = Words("--no-local needs a machine with --to", "--no-local 需要以 --to 指定機器")

# The archive.
NO_ARCHIVE = Words("There is no archive of images: {files}.", "找不到映像檔的封存檔：{files}。")
NO_ARCHIVE_REMEDY = Words(
    "Write it in a checkout of the project, as root on Debian 12: `make images`. Then give its path.",
    "請在專案的工作目錄中，於 Debian 12 以 root 執行 `make images` 產生，再指定其路徑。",
)
UNREADABLE = Words("Cannot read {file}: {why}.", "無法讀取 {file}：{why}。")
ODD_ARCHIVE = Words(
    "{file} is no archive of images, or not all of it.", "{file} 不是映像檔的封存檔，或內容不完整。"
)
EMPTY_ARCHIVE = Words("{file} holds no image with a name.", "{file} 中沒有具名的映像檔。")
OTHER_ARCHITECTURE = Words(
    "Of {images} the archive has nothing for the processor of {machine} ({arch}), only for {kinds}.",
    "封存檔中的 {images} 沒有適用於{machine}處理器（{arch}）的版本，只有 {kinds}。",
)
OTHER_ARCHITECTURE_REMEDY = Words(
    "Run `make images` on a machine with that processor, and give the archive that it writes.",
    "請在相同處理器的機器上執行 `make images`，並指定它產生的封存檔。",
)

# What is being done.
HERE = Words("this machine", "本機")
HASHING = Words("Reading {file}", "讀取 {file}")
COPYING = Words("Copying {file} to {machine}", "將 {file} 複製到 {machine}")
GOING_ON = Words("Copying the rest of {file} to {machine}", "將 {file} 其餘部分複製到 {machine}")
VERIFYING = Words("Verifying the copy on {machine}", "驗證 {machine} 上的複本")
IMPORTING = Words("Importing the images on {machine}", "在{machine}匯入映像檔")
DAMAGED = Words(
    "warning: What an earlier run left on {machine} is not the beginning of this archive. Copying all of it.",
    "警告：先前留在 {machine} 上的檔案不是此封存檔的開頭，將重新複製全部內容。",
)
NOT_HERE = Words("warning: Nothing is imported on this machine. {why}", "警告：本機未匯入任何映像檔。{why}")
IMPORTED = Words("{machine} has the images now: {images}.", "{machine}已匯入映像檔：{images}。")
ALL_THERE = Words(
    "{machine} has all {count} image{count:|s} already; nothing was copied.",
    "{machine}已有全部 {count} 個映像檔，未複製任何檔案。",
)
AGAIN = Words("Run the same command again.", "請再次執行相同的指令。")

# Why ssh does not reach a machine.
NO_SSH_REMEDY = Words(
    "Install it (Debian and Ubuntu: `sudo apt install openssh-client`), or name it with --ssh.",
    "請安裝它（Debian 與 Ubuntu：`sudo apt install openssh-client`），或以 --ssh 指定。",
)
NO_HOST = Words("The name of {machine} does not resolve: {why}.", "無法解析 {machine} 的名稱：{why}。")
NO_HOST_REMEDY = Words(
    "Give its address, as in user@192.168.1.200, or a Host of ~/.ssh/config.",
    "請改用位址，例如 user@192.168.1.200，或 ~/.ssh/config 中的 Host。",
)
SILENT = Words("{machine} does not answer ssh: {why}.", "{machine} 沒有回應 ssh：{why}。")
SILENT_REMEDY = Words(
    "Is it on, is the address right, and does its ssh server run (there: `systemctl status ssh`)?",
    "請確認它已開機、位址正確，且 ssh 伺服器正在執行（在該機器上：`systemctl status ssh`）。",
)
DENIED = Words("{machine} does not let you in: {why}.", "{machine} 拒絕登入：{why}。")
DENIED_REMEDY = Words(
    "Give it your key with `ssh-copy-id {machine}`, and check the name of the user.",
    "請以 `ssh-copy-id {machine}` 放入您的金鑰，並確認使用者名稱。",
)
KEY_UNKNOWN = Words("ssh does not know {machine} yet: {why}.", "ssh 尚未認識 {machine}：{why}。")
KEY_UNKNOWN_REMEDY = Words(
    "Log in once with `ssh {machine}`, compare the fingerprint, and confirm it.",
    "請先以 `ssh {machine}` 登入一次，比對指紋並確認。",
)
KEY_CHANGED = Words(
    "The host key of {machine} is another one than the last time: {why}.",
    "{machine} 的主機金鑰與上次不同：{why}。",
)
KEY_CHANGED_REMEDY = Words(
    "If it was installed anew, log in with `ssh {machine}` and do what ssh says. Otherwise it may be another "
    "machine.",
    "若它曾重新安裝，請以 `ssh {machine}` 登入並依 ssh 的說明處理；否則可能是另一台機器。",
)
BROKEN = Words("The connection to {machine} broke: {why}.", "與 {machine} 的連線中斷：{why}。")
BROKEN_REMEDY = Words(
    "Run the same command again: it goes on where it was.", "請再次執行相同的指令，會從中斷處繼續。"
)
SSH_FAILED = Words("ssh cannot log in to {machine}: {why}.", "ssh 無法登入 {machine}：{why}。")
SSH_FAILED_REMEDY = Words("Try `ssh {machine}` by itself.", "請單獨嘗試 `ssh {machine}`。")
SAID_NOTHING = Words("it said nothing, and ended with code {code}", "沒有輸出，結束代碼 {code}")

# What fails on a machine.
NO_CTR = Words("There is no {program} on {machine}.", "{machine}上沒有 {program}。")
NO_CTR_HERE = Words(
    "Install k3s, name another containerd's ctr with --ctr, or leave this machine out with --no-local.",
    "請安裝 k3s，以 --ctr 指定其他 containerd 的 ctr，或以 --no-local 略過本機。",
)
NO_CTR_THERE = Words(
    "Install k3s there first, or name another containerd's ctr with --ctr.",
    "請先在該機器安裝 k3s，或以 --ctr 指定其他 containerd 的 ctr。",
)
CTR_SILENT = Words(
    "{program} on {machine} gets no answer from containerd: {why}.",
    "{machine}上的 {program} 沒有得到 containerd 的回應：{why}。",
)
CTR_SILENT_REMEDY = Words(
    "Does k3s run there? `systemctl status k3s`, on an agent `systemctl status k3s-agent`, tells.",
    "k3s 是否正在執行？請以 `systemctl status k3s`（agent 為 `systemctl status k3s-agent`）確認。",
)
SUDO_ASKS = Words(
    "On {machine} a password is needed for sudo, and nobody can type it here.",
    "{machine}上使用 sudo 需要密碼，但此處無法輸入。",
)
SUDO_ASKS_REMEDY = Words(
    "The archive is there; import it yourself: `{command}`", "封存檔已在該處；請自行匯入：`{command}`"
)
NO_ROOM = Words(
    "{folder} on {machine} has {free} MB free, and {wanted} MB are needed.",
    "{machine} 上的 {folder} 剩餘 {free} MB，需要 {wanted} MB。",
)
DISK_FULL = Words("The disk of {machine} is full: {why}.", "{machine}的磁碟已滿：{why}。")
DISK_FULL_REMEDY = Words(
    "Make room there, then run the same command again: it goes on where it was.",
    "請在該機器清出空間，再次執行相同的指令，會從中斷處繼續。",
)
OTHER_DIGEST = Words(
    "The copy on {machine} is not what was sent: its digest is another, so it was removed.",
    "{machine} 上的複本與送出的內容不同：摘要不符，已移除。",
)
NOT_LISTED = Words(
    "The import on {machine} ended, but these images are not there with the archive's digests: {images}.",
    "{machine}匯入完成，但下列映像檔的摘要與封存檔不符或不存在：{images}。",
)
SCRIPT_FAILED = Words("{machine} fails: {why}.", "{machine}執行失敗：{why}。")
NO_SHELL = Words("its shell runs no commands of ssh", "其 shell 不執行 ssh 傳入的指令")
