"""What preflight says, in both languages."""

from __future__ import annotations

from mcapp.messages import Words

# What `--help` says, and what it refuses.
PURPOSE = Words(
    "Tell whether this machine and its peer are fit for k3s, before it is installed.",
    "在安裝 k3s 之前，檢查本機與另一台機器是否適合。",
)
AS_SERVER = Words(
    "Check this machine as the k3s server, and its peer as the agent.",
    "將本機視為 k3s server、另一台機器視為 agent 進行檢查。",
)
AS_AGENT = Words(
    "Check this machine as a k3s agent, and its peer as the server.",
    "將本機視為 k3s agent、另一台機器視為 server 進行檢查。",
)
AS_LISTENER = Words(
    "Answer the probes of the peer at the ports of k3s.",
    "在 k3s 的連接埠回應另一台機器的探測。",
)
PEER = Words("the other machine's address", "另一台機器的位址")
PEERS = Words("answer only this address; may be repeated", "只回應此位址；可重複指定")
ETCD = Words(
    "the servers share an embedded etcd: check its ports, too",
    "多台 server 共用內嵌 etcd：一併檢查其連接埠",
)
TIMEOUT = Words("for each port, 0.1 to 60 (default: 2)", "每個連接埠最多等幾秒，0.1 到 60（預設：2）")
STOP_AFTER = Words("then stop, 0.1 to 86400 (default: 300)", "幾秒後停止，0.1 到 86400（預設：300）")
BACKEND = Words(
    "how flannel carries the pods' packets between the machines: vxlan (default) leaves them in the clear, "
    "wireguard-native encrypts them",
    "flannel 在機器之間傳送 Pod 封包的方式：vxlan（預設）不加密，wireguard-native 會加密",
)
PRINT_COMMANDS = Words("print the commands that install k3s, and stop", "印出安裝 k3s 的指令後結束")
TOKEN_FILE = Words("fills the token in for --print-commands", "將檔案中的權杖填入 --print-commands 的指令")

# The report.
STATUS_OK = Words("ok  ", "正常")
STATUS_WARN = Words("warn", "警告")
STATUS_FAIL = Words("FAIL", "失敗")
STATUS_SKIPPED = Words("skip", "略過")
SUM_OK = Words(
    "Nothing must be fixed; {warnings} warning{warnings:|s}. Run it on the other machine, too.",
    "沒有必須修正的項目；警告 {warnings} 項。請也在另一台機器執行。",
)
SUM_FAIL = Words(
    "{fails} thing{fails:|s} must be fixed; {warnings} warning{warnings:|s}.",
    "有 {fails} 項必須修正；警告 {warnings} 項。",
)
RUN = Words("Run: `{command}`", "請執行：`{command}`")
SUDO = Words("Run it again with sudo.", "請加上 sudo 再執行一次。")
ON = Words("on {machine}", "在 {machine} 上")
ON_HERE = Words("on this machine", "在本機")

# What each port is for.
WHY_API = Words(
    "the Kubernetes API, where agents and other servers join",
    "Kubernetes API，agent 與其他 server 由此加入",
)
WHY_KUBELET = Words("the kubelet, asked for metrics", "kubelet，用於讀取量測資料")
WHY_VXLAN = Words(
    "flannel's VXLAN, all traffic between pods of two machines",
    "flannel 的 VXLAN，承載兩台機器的 Pod 之間所有流量",
)
WHY_WIREGUARD = Words(
    "flannel's WireGuard, all traffic between pods of two machines, encrypted",
    "flannel 的 WireGuard，承載並加密兩台機器的 Pod 之間所有流量",
)
WHY_ETCD = Words("embedded etcd, between servers", "內嵌 etcd，用於 server 之間")
WHY_PAGE = Words("the app's page (NodePort)", "應用程式的網頁（NodePort）")

# The peer as a whole.
PEER_OK = Words(
    "{peer} answers, and its listener says it is {host}.",
    "{peer} 有回應，其監聽程式回報主機名稱 {host}。",
)
PEER_NOBODY = Words(
    "{peer} is on, but no listener of preflight answers there: UDP and the way back cannot be tested.",
    "{peer} 已開機，但沒有 preflight 的監聽程式回應：無法測試 UDP 與回程。",
)
PEER_LISTEN = Words(
    "Run there, then this again: `{preflight} {listen} --peer {source}`",
    "請在該機器執行下列命令，再重新執行本檢查：`{preflight} {listen} --peer {source}`",
)
PEER_SILENT = Words(
    "{peer} does not answer at any port: it is off, has another address, or drops everything.",
    "{peer} 的所有連接埠都沒有回應：可能未開機、位址不對，或丟棄了所有封包。",
)
PEER_NOROUTE = Words("This machine has no route to {peer}.", "本機沒有通往 {peer} 的路由。")
PEER_ADDRESS = Words(
    "Check with `ip address` on the other machine that this is its address, and that both are on "
    "one network.",
    "請在另一台機器以 `ip address` 確認位址正確，並確認兩台機器位於同一網路。",
)
LISTENER_TELLS = Words(
    "Unknown: only a listener on the peer can tell.",
    "未知：須由另一台機器上的監聽程式回報。",
)

# The ports.
PORT_LISTENER = Words("The peer's listener answered ({why}).", "另一台機器的監聽程式有回應（{why}）。")
PORT_SOMEONE = Words(
    "A program accepts connections there already ({why}).",
    "該處已有程式接受連線（{why}）。",
)
PORT_REFUSED = Words(
    "The machine answered, and no program listens there yet: no firewall drops the packets ({why}).",
    "主機有回應，只是尚無程式監聽：沒有防火牆丟棄封包（{why}）。",
)
PORT_RESET = Words(
    "Refused, although the peer's listener waits there: a firewall rule rejects the connection ({why}).",
    "另一台機器的監聽程式正在等候，連線卻遭拒絕：有防火牆規則拒絕它（{why}）。",
)
PORT_FILTERED = Words(
    "{sender} answered with ICMP {icmp}: a firewall rule rejects the packet ({why}).",
    "{sender} 以 ICMP「{icmp}」回應：有防火牆規則拒絕封包（{why}）。",
)
PORT_OWN = Words(
    "This machine's own rules for outgoing packets rejected the packet ({why}).",
    "本機對外的防火牆規則拒絕了封包（{why}）。",
)
PORT_TIMEOUT = Words(
    "No answer for {seconds} s: a firewall drops the packets ({why}).",
    "{seconds} 秒內沒有回應：有防火牆丟棄封包（{why}）。",
)
PORT_UNREACHABLE = Words("No machine answers at this address ({why}).", "此位址沒有機器回應（{why}）。")
PORT_THEIRS = Words(
    "The peer connects to this port here ({why}), so only the peer can test it.",
    "由另一台機器連線到本機的這個連接埠（{why}），只能從該機器測試。",
)
PORT_RUN_THERE = Words(
    "Run `{preflight} {listen}` here and preflight on the peer.",
    "請在本機執行 `{preflight} {listen}`，並在另一台機器執行 preflight。",
)
UDP_ECHO = Words(
    "The packet arrived there, and its echo came back ({why}).",
    "封包已送達，回音也已返回（{why}）。",
)
UDP_TOLD = Words(
    "The listener reports that the packet arrived, but its answer did not come back ({why}).",
    "監聽程式回報封包已送達，但對它的回應沒有返回（{why}）。",
)
UDP_UNPROVEN = Words(
    "Not proven: no program there sends an echo ({why}).",
    "尚未證明：該處沒有程式回傳回音（{why}）。",
)
UDP_TAKEN = Words(
    "Not proven: another program holds the port there, so the listener cannot use it ({why}).",
    "尚未證明：該連接埠已被另一個程式占用，監聽程式無法使用（{why}）。",
)
UDP_LISTEN = Words(
    "Stop k3s on the peer, run `{preflight} {listen}` there, then run this check again.",
    "請先停止另一台機器上的 k3s，在該處執行 `{preflight} {listen}`，再重新執行本檢查。",
)
BACK_OK = Words(
    "A packet from the peer, sent as flannel sends them, arrived here ({why}).",
    "另一台機器以 flannel 的方式送出的封包已抵達本機（{why}）。",
)
BACK_TIMEOUT = Words(
    "The peer sent a packet as flannel does, and it did not arrive here: a firewall drops it, even if "
    "answers to a connection of this machine pass ({why}).",
    "另一台機器以 flannel 的方式送出封包，但未抵達本機：有防火牆丟棄它，"
    "即使本機所建連線的回應可以通過（{why}）。",
)
BACK_REJECTED = Words(
    "The peer sent a packet as flannel does, and this machine rejected it ({why}).",
    "另一台機器以 flannel 的方式送出封包，但被本機拒絕（{why}）。",
)
BACK_BLOCKED = Words(
    "The peer's own rules for outgoing packets keep it from sending as flannel does ({why}).",
    "另一台機器對外的防火牆規則使它無法以 flannel 的方式送出封包（{why}）。",
)
BACK_UNKNOWN = Words(
    "Unknown: this needs a listener on the peer, and the port free on this machine ({why}).",
    "未知：另一台機器須有監聽程式，且本機的這個連接埠未被占用（{why}）。",
)
BACK_HOW = Words(
    "Run `{preflight} {listen}` on the peer, not here at the same time, then run this check again.",
    "請在另一台機器執行 `{preflight} {listen}`（本機不要同時執行），再重新執行本檢查。",
)
OPEN = Words(
    "Open the port {place}, for one address only: `{command}`",
    "請{place}開放這個連接埠，只允許一個位址：`{command}`",
)
OPEN_ANY = Words(
    "Open the port {place}, for one address only. "
    "With ufw: `{ufw}`. With firewalld: `{firewalld}`. With nftables: `{nft}`.",
    "請{place}開放這個連接埠，只允許一個位址。"
    "使用 ufw：`{ufw}`。使用 firewalld：`{firewalld}`。使用 nftables：`{nft}`。",
)
OWN_OUTPUT = Words(
    "Let this machine send to {peer} at {port}: look at `sudo nft list ruleset`, chain output.",
    "請允許本機送往 {peer} 的 {port}：檢視 `sudo nft list ruleset` 的 output 鏈。",
)
PEER_OUTPUT = Words(
    "Let {peer} send to {source} at {port}: look there at `sudo nft list ruleset`, chain output.",
    "請允許 {peer} 送往 {source} 的 {port}：在該處檢視 `sudo nft list ruleset` 的 output 鏈。",
)

# What holds a port here.
LOCAL_FREE = Words("Free on this machine: {ports}", "本機尚未占用：{ports}")
LOCAL_TAKEN = Words("{port} is taken by {holder}.", "{port} 已被 {holder} 占用。")
LOCAL_LISTENER = Words(
    "{port} is taken by preflight's own listener, which stops by itself.",
    "{port} 由 preflight 自己的監聽程式占用，它會自行停止。",
)
HOLDER = Words("{program} (pid {pid})", "{program}（pid {pid}）")
HOLDER_UNKNOWN = Words(
    "the kernel or a program of another user",
    "核心或其他使用者的程式",
)
LOCAL_K3S = Words(
    "k3s is installed already; `sudo k3s kubectl get nodes` tells its state.",
    "k3s 已安裝；`sudo k3s kubectl get nodes` 可查看狀態。",
)
LOCAL_TRAEFIK = Words(
    "k3s' Traefik needs it, too. The app needs no Traefik: add `--disable traefik` to the server.",
    "k3s 的 Traefik 也需要它。本應用程式不需要 Traefik：請在 server 加上 `--disable traefik`。",
)
LOCAL_WHO = Words(
    "See which program holds it: `sudo ss -lnp {flag} sport = :{number}`",
    "查看占用的程式：`sudo ss -lnp {flag} sport = :{number}`",
)
LOCAL_STOP = Words("Stop it: `sudo kill {pid}`", "請停止它：`sudo kill {pid}`")
LOCAL_PAGE = Words(
    "Stop it (`sudo kill {pid}`), or later give the page another port: "
    "`{genvalues} --set web.service.nodePort=30081`",
    "請停止它（`sudo kill {pid}`），或稍後讓網頁使用其他連接埠："
    "`{genvalues} --set web.service.nodePort=30081`",
)

# The machine.
HOSTNAME_OK = Words("{name} here, {peer} there.", "本機是 {name}，另一台是 {peer}。")
HOSTNAME_SAME = Words(
    "Both machines are called {name}: the second could not join as a node.",
    "兩台機器的主機名稱都是 {name}：第二台無法以節點身分加入。",
)
HOSTNAME_BAD = Words(
    "{name} cannot be a node's name: use letters, digits, - and ., and a name that no other machine has.",
    "{name} 不能作為節點名稱：只能使用字母、數字、- 與 .，且不可與其他機器相同。",
)
HOSTNAME_UNKNOWN = Words(
    "{name} here; only a listener on the peer can tell the other's name.",
    "本機是 {name}；另一台的名稱須由其監聽程式回報。",
)
CLOCK_OK = Words("The clocks differ by {seconds} s.", "兩台機器的時鐘相差 {seconds} 秒。")
CLOCK_AHEAD = Words(
    "The peer's clock is {seconds} s ahead: certificates may count as not yet valid here.",
    "另一台機器的時鐘快了 {seconds} 秒：憑證在本機可能被視為尚未生效。",
)
CLOCK_BEHIND = Words(
    "The peer's clock is {seconds} s behind: certificates may count as not yet valid there.",
    "另一台機器的時鐘慢了 {seconds} 秒：憑證在該處可能被視為尚未生效。",
)
DISK_OK = Words(
    "{free} GiB free at {folder}; db's volume takes {need} GiB.",
    "{folder} 剩餘 {free} GiB；db 的磁碟區需要 {need} GiB。",
)
DISK_TIGHT = Words(
    "{free} GiB free at {folder}: when db's {need} GiB are full, less than 5% is left and k3s evicts pods.",
    "{folder} 剩餘 {free} GiB：db 的 {need} GiB 用滿後剩餘空間將低於 5%，k3s 會驅逐 Pod。",
)
DISK_FULL = Words(
    "{free} GiB free at {folder}, and db's volume takes {need} GiB.",
    "{folder} 只剩 {free} GiB，而 db 的磁碟區需要 {need} GiB。",
)
DISK_ROOM = Words(
    "Free space, or mount a larger disk at /var/lib/rancher. Only the machine that will run db needs it.",
    "請清出空間，或將較大的磁碟掛載到 /var/lib/rancher。只有要執行 db 的機器才需要。",
)
MODULE_LOADED = Words("{name} is in the running kernel.", "執行中的核心已有 {name}。")
MODULE_BUILTIN = Words("{name} is built into the kernel.", "{name} 已內建於核心。")
MODULE_LOADABLE = Words("{name} can be loaded; k3s does so.", "{name} 可以載入；k3s 會自行載入。")
MODULE_MISSING = Words("The kernel has no module {name}.", "核心沒有 {name} 模組。")
MODULE_INSTALL = Words(
    "On Ubuntu and Raspberry Pi it is in a separate package: `sudo apt install {package}`",
    "在 Ubuntu 與 Raspberry Pi 上由另一個套件提供：`sudo apt install {package}`",
)
CGROUPS_OK = Words("cgroup v2 with cpu, memory and pids.", "cgroup v2，含 cpu、memory 與 pids。")
CGROUPS_WITHOUT = Words(
    "cgroup {version} lacks {names}: k3s cannot start.",
    "cgroup {version} 未提供 {names}：k3s 無法啟動。",
)
CGROUPS_FLAGS = Words(
    "Add `cgroup_memory=1 cgroup_enable=memory` to the kernel's command line "
    "(Raspberry Pi: /boot/firmware/cmdline.txt) and reboot.",
    "請在核心的開機參數加上 `cgroup_memory=1 cgroup_enable=memory`"
    "（Raspberry Pi：/boot/firmware/cmdline.txt）後重新開機。",
)
CGROUPS_OLD = Words(
    "cgroup v1: Kubernetes 1.35 and newer do not start on it by default.",
    "cgroup v1：Kubernetes 1.35 以後預設無法在其上啟動。",
)
CGROUPS_UNIFY = Words(
    "Add `systemd.unified_cgroup_hierarchy=1` to the kernel's command line and reboot.",
    "請在核心的開機參數加上 `systemd.unified_cgroup_hierarchy=1` 後重新開機。",
)
SWAP_NONE = Words("No swap in use.", "未使用 swap。")
SWAP_USED = Words(
    "Swap is in use ({names}): k3s starts anyway, but a machine without free memory then becomes slow.",
    "正在使用 swap（{names}）：k3s 仍可啟動，但記憶體用盡時會變得很慢。",
)
MEMORY = Words(
    "{have} MiB of memory; k3s needs {need} MiB in this role.",
    "記憶體 {have} MiB；k3s 在此角色需要 {need} MiB。",
)
CPU = Words(
    "{have} CPU{have:|s}; k3s needs {need} in this role.",
    "CPU {have} 個；k3s 在此角色需要 {need} 個。",
)
SMALL = Words(
    "It may work for a trial; make the stronger machine the server.",
    "試用或許可行；請以較強的機器作為 server。",
)

# Interfaces.
ROUTE_OK = Words("The default route leaves by {interface}.", "預設路由經由 {interface}。")
ROUTE_NONE = Words(
    "There is no default route: k3s cannot find its own address.",
    "沒有預設路由：k3s 無法得知自己的位址。",
)
INTERFACES_ONE = Words(
    "flannel will take {interface} ({address}).",
    "flannel 會使用 {interface}（{address}）。",
)
INTERFACES_SEVERAL = Words(
    "Several interfaces ({all}); flannel will take {interface} ({address}), the default route's.",
    "有多個介面（{all}）；flannel 會使用預設路由的 {interface}（{address}）。",
)
INTERFACES_MISLED = Words(
    "flannel will take {interface} ({address}), but the peer is reached by {towards}.",
    "flannel 會使用 {interface}（{address}），但通往另一台機器的是 {towards}。",
)
INTERFACES_FLAGS = Words(
    "Install k3s on this machine with: `{flags}`",
    "在本機安裝 k3s 時請加上：`{flags}`",
)

# The firewall of this machine.
FIREWALL_NONE = Words(
    "No firewall on this machine rejects incoming packets.",
    "本機沒有會擋下傳入封包的防火牆。",
)
FIREWALL_ROOT = Words(
    "Only root may read this machine's firewall rules.",
    "只有 root 能讀取本機的防火牆規則。",
)
FIREWALL_KEPT = Words("{kind} is active on this machine.", "本機的 {kind} 已啟用。")
FIREWALL_LOST = Words(
    "Rules of {kind} are active on this machine. Rules added by hand last until the next boot.",
    "本機有 {kind} 規則生效。手動加入的規則只保留到下次開機。",
)
FIREWALL_OPEN = Words(
    "If the peer cannot reach this machine, open its ports: `{commands}`",
    "若另一台機器無法連到本機，請開放連接埠：`{commands}`",
)

# What was asked.
GIVEN_BAD = Words("{address} is no machine's IP address.", "{address} 不是機器的 IP 位址。")
GIVEN_OWN = Words("{address} is this machine itself.", "{address} 就是本機。")
GIVEN_PEER = Words(
    "Give the other machine's address, such as --peer 192.168.1.100 or fd00::100 (`ip address` there).",
    "請指定另一台機器的位址，例如 --peer 192.168.1.100 或 fd00::100（在該機器執行 `ip address`）。",
)
TOKEN = Words("{file} cannot be read: {reason}.", "無法讀取 {file}：{reason}。")
TOKEN_WHERE = Words(
    "The server keeps it in {file}, which only root may read.",
    "server 將它存放在 {file}，只有 root 能讀取。",
)

# The listener.
LISTEN_START = Words(
    "Listening at {ports} for {seconds} s; Ctrl-C stops it. Now run preflight on the other machine.",
    "正在監聽 {ports}，為時 {seconds} 秒；按 Ctrl-C 可停止。請在另一台機器執行 preflight。",
)
LISTEN_HEARD = Words("{source} reached {port}.", "{source} 已連到 {port}。")
LISTEN_TAKEN = Words(
    "Not listening at {port}: another program holds it.",
    "未監聽 {port}：已被其他程式占用。",
)
LISTEN_NONE = Words("Every port is held by another program.", "所有連接埠都被其他程式占用。")
LISTEN_NONE_REMEDY = Words(
    "If that is k3s, stop it for the test: `sudo systemctl stop k3s k3s-agent`",
    "若占用者是 k3s，測試時請先停止：`sudo systemctl stop k3s k3s-agent`",
)
LISTEN_IGNORED = Words(
    "{count} packet{count: or connection|s or connections} did not come from preflight, and got no answer.",
    "有 {count} 個封包或連線不是來自 preflight，未予回應。",
)
LISTEN_SILENT = Words("Nothing came from {peers}.", "沒有收到 {peers} 的任何探測。")
LISTEN_NOBODY = Words("Nothing came from any machine.", "沒有收到任何機器的探測。")
LISTEN_INTERRUPTED = Words("Stopped.", "已停止。")

# The commands.
STEP_SERVER = Words("server {address}", "server {address}")
STEP_SECOND = Words("second server {address}", "第二台 server {address}")
STEP_AGENT = Words("agent {address}", "agent {address}")
STEP_ANY_AGENT = Words("each agent", "每台 agent")
STEP_INSTALL_SERVER = Words(
    "install the server; what pods of two machines say to each other crosses your network in the clear, but "
    "between api and db (--backend wireguard-native encrypts all of it)",
    "安裝 server；除了 api 與 db 之間，兩台機器的 Pod 之間的流量在網路上都沒有加密"
    "（--backend wireguard-native 會全部加密）",
)
STEP_INSTALL_ENCRYPTED = Words(
    "install the server; WireGuard encrypts what pods of two machines say to each other, not what nodes say "
    "(6443 and 10250 have TLS of their own) nor what browsers send to the page",
    "安裝 server；WireGuard 會加密兩台機器的 Pod 之間的流量，"
    "但不含節點本身（6443 與 10250 自有 TLS）與瀏覽器到網頁的流量",
)
STEP_TOKEN = Words("read the token that the next step needs", "讀取下一步需要的權杖")
STEP_INSTALL_SECOND = Words("join as a server", "以 server 身分加入")
STEP_INSTALL_AGENT = Words(
    "join as an agent; with several interfaces add --flannel-iface",
    "以 agent 身分加入；有多個介面時請加上 --flannel-iface",
)
STEP_LABEL = Words(
    "label the agent for db, once `sudo k3s kubectl get nodes` shows it",
    "等 `sudo k3s kubectl get nodes` 列出該 agent 後，替它加上 db 的標籤",
)
STEP_MAKE = Words(
    "write the images into one archive, in the project's folder",
    "在專案的資料夾將映像檔寫成一個封存檔",
)
STEP_COPY = Words("copy it to the other machine", "複製到另一台機器")
STEP_IMAGES = Words("k3s imports it at each start", "k3s 每次啟動時匯入")
STEP_IMPORT = Words("import it at once, without a restart", "立即匯入，無須重新啟動")
STEP_POLICY = Words(
    "The chart keeps imagePullPolicy IfNotPresent: with Always, imported images would not be used.",
    "chart 使用 imagePullPolicy IfNotPresent：若為 Always，匯入的映像檔不會被使用。",
)
