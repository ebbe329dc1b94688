"""What genvalues says, in both languages."""

from __future__ import annotations

from mcapp.messages import Words

# What `--help` says, and what it refuses.
PURPOSE = Words(
    "Turn the nodes of a cluster into Helm values for the chart mcapp, with the reason for each.",
    "依叢集的節點產生 chart mcapp 的 Helm values，並說明每個值的理由。",
)
TOPOLOGY = Words(
    "auto (the default): multi when a Ready, schedulable node that is no server is labelled for the "
    "database, else single",
    "auto（預設）：有 Ready、可排程、不是伺服器且帶有資料庫標籤的節點時為 multi，否則為 single",
)
FILE = Words(
    "where the values go; - is standard output (default: values-TOPOLOGY.yaml)",
    "values 寫到哪個檔案；- 為標準輸出（預設：values-TOPOLOGY.yaml）",
)
OUTPUT = Words(
    "form of the explanation, not of the file; json is for programs",
    "說明的格式，與檔案無關；json 供程式使用",
)
CHECK = Words(
    "write nothing; tell what changed since FILE was made (exit code 1)",
    "不寫入檔案，只說明 FILE 產生之後有什麼變動（有變動時結束代碼為 1）",
)
NODES_FILE = Words(
    "what `kubectl get nodes -o json` printed, instead of a live cluster; - is standard input. It may hold "
    "more: `kubectl get nodes,storageclasses,services,pods,pv,pvc -A -o json`",
    "以 `kubectl get nodes -o json` 的輸出代替連線中的叢集；- 為標準輸入。內容可以更多："
    "`kubectl get nodes,storageclasses,services,pods,pv,pvc -A -o json`",
)
WISHES = Words("what you want in the values", "您要的設定值")
BASE = Words("values of yours to build on", "您自己的 values 檔，以此為基礎")
SET = Words("one value, in YAML; wins over --base", "一個設定值，以 YAML 表示；優先於 --base")
DB_NODE = Words("run db on this node", "讓 db 在此節點執行")
LABEL = Words(
    "print the command that labels a node for db, and stop",
    "印出替節點加上 db 標籤的指令後結束",
)
APPLY_LABELS = Words("label these nodes for db, and stop", "替這些節點加上 db 標籤後結束")
OUTPUT_FORM = Words(
    "--output is text or json, not {given}; --file names the file",
    "--output 是 text 或 json，不是 {given}；檔名請以 --file 指定",
)
OUTPUT_ONE = Words(
    "--file - leaves no room for --check or --output json on standard output",
    "--file - 已占用標準輸出，不可再使用 --check 或 --output json",
)
APPLY_LIVE = Words(
    "--apply-labels needs the cluster, not --nodes-file",
    "--apply-labels 需要連線到叢集，不可使用 --nodes-file",
)

AND = Words("{first}, and {second}", "{first}，且{second}")
BOTH = Words("{first} {second}", "{first}{second}")
VERDICT = Words("{node} {reasons}", "{node} {reasons}")
GIVEN = Words("Given by you.", "由您指定。")
NODE_DATA = Words("cannot mount the existing volume {volume}", "無法掛載既有的磁碟區 {volume}")

# topology
TOPOLOGY_ASKED = Words("Topology {topology} was asked for.", "依您的要求採用 {topology} 拓撲。")
TOPOLOGY_MULTI = Words(
    "multi: {nodes} {nodes:is|are} Ready, schedulable, no server{nodes:|s}, and {nodes:carries|carry} "
    "{labels}, so db gets a machine of its own.",
    "multi：{nodes} 為 Ready、可排程、不是伺服器節點，且帶有標籤 {labels}，因此 db 使用獨立的機器。",
)
TOPOLOGY_NONE = Words(
    "single: no node carries {labels}.",
    "single：沒有節點帶有標籤 {labels}。",
)
TOPOLOGY_SERVER = Words(
    "single: only {nodes:a server carries|servers carry} {labels} ({nodes}); "
    "--topology multi puts db there anyway.",
    "single：只有伺服器節點帶有標籤 {labels}（{nodes}）；若仍要把 db 放在那裡，請加上 --topology multi。",
)
TOPOLOGY_UNUSABLE = Words(
    "single: {nodes} {nodes:carries|carry} {labels} but can run no new pod now. "
    "If db starts on another node meanwhile, its data stay there.",
    "single：{nodes} 帶有標籤 {labels}，但目前無法執行新的 Pod。若 db 在此期間於其他節點啟動，"
    "資料就會留在該節點。",
)
TOPOLOGY_DATA = Words(
    "multi: db's data are on {nodes}; data come before labels ({labels} is on {labelled}).",
    "multi：db 的資料在 {nodes}；資料優先於標籤（標籤 {labels} 在 {labelled}）。",
)
TOPOLOGY_STAY = Words(
    "single: db's data are on {nodes}, {nodes:a server|servers}; data come before labels. "
    "{labelled} {labelled:carries|carry} {labels}: to use {labelled:it|one of them}, "
    "move the data first: `{move} --to {node}`.",
    "single：db 的資料在伺服器節點 {nodes}；資料優先於標籤。{labelled} 帶有標籤 {labels}："
    "若要使用，請先搬移資料：`{move} --to {node}`。",
)
TOPOLOGY_DBNODE = Words(
    "multi: db was asked to be on {node}, and other nodes can run the rest.",
    "multi：您要求 db 在 {node}，其餘元件可在其他節點執行。",
)
TOPOLOGY_DBNODE_ALONE = Words(
    "single: db was asked to be on {node}, and no other node can run the rest.",
    "single：您要求 db 在 {node}，且沒有其他節點可執行其餘元件。",
)
TOPOLOGY_EXTERNAL = Words(
    "single: db.mode is external, so there is no database to place.",
    "single：db.mode 為 external，沒有需要安排位置的資料庫。",
)
EXTERNAL_PLACE = Words(
    "With db.mode external there is no database here: --topology multi and --db-node have no effect.",
    "db.mode 為 external 時，此叢集沒有資料庫，--topology multi 與 --db-node 都沒有作用。",
)
EXTERNAL_PLACE_REMEDY = Words(
    "Leave out both options; or, for a database in this release, remove db.mode external from the values.",
    "請移除這兩個選項；若要使用 release 自己的資料庫，請從設定值移除 db.mode external。",
)
HA_PROPOSED = Words(
    "ha: enough Ready nodes carry {labels} ({nodes}): one may fail and the database goes on. "
    "Each needs the image mcapp/db; db.mode standalone in your values keeps one server.",
    "ha：帶有標籤 {labels} 且為 Ready 的節點夠多（{nodes}），其中一個故障時資料庫仍可繼續運作。"
    "每個節點都需要映像檔 mcapp/db；若只要一台伺服器，請在設定值中指定 db.mode standalone。",
)
HA_KEPT = Words(
    "ha: the claim {claim} holds the data of a database of several servers.",
    "ha：PVC {claim} 存有多台伺服器資料庫的資料。",
)
HA_MOVE = Words(
    "db.mode stays standalone: the claim {claim} holds the data of one server. There are nodes enough for "
    "several, but only a move takes the data there, and no upgrade.",
    "db.mode 維持 standalone：PVC {claim} 存有單一伺服器的資料。節點數足以執行多台伺服器，"
    "但升級不會把資料帶過去，只有搬移才會。",
)
HA_FEW = Words(
    "db.mode ha asks for {wanted} nodes that carry {labels}, and only {nodes} can run db: "
    "the other members will stay Pending.",
    "db.mode ha 需要 {wanted} 個帶有標籤 {labels} 的節點，但只有 {nodes} 能執行 db：其餘成員會停在 Pending。",
)

# placement
LABELS_CARRIED = Words("{nodes} {nodes:carries|carry} {labels}.", "{nodes} 帶有標籤 {labels}。")
LABELS_DATA = Words(
    "db's data are on {node}, which does not carry {labels}: db follows the data, by the node's own name.",
    "db 的資料在 {node}，但該節點沒有標籤 {labels}：db 依節點名稱跟隨資料。",
)
LABELS_DBNODE = Words(
    "{node} was asked for and does not carry {labels}: db finds it by its own name.",
    "您指定了 {node}，但該節點沒有標籤 {labels}：db 改以節點名稱尋找它。",
)
APP_SHARES = Words(
    "Only db's node can run web and api too, so they may share it.",
    "只有 db 的節點能執行 web 與 api，因此允許共用。",
)
DBNODE_PINNED = Words("db was asked to be on {node}.", "您要求 db 在 {node}。")
TOLERATIONS_MEANT = Words(
    "{nodes} {nodes:is|are} meant for db and {nodes:has|have} the taint{taints:|s} {taints}.",
    "{nodes} 是 db 的節點，帶有污點 {taints}。",
)
TOLERATIONS_ROLE = Words(
    "No other node is free of taints; {taints} on {nodes} only {taints:marks|mark} {nodes:a server|servers}.",
    "沒有其他無污點的節點；{nodes} 上的 {taints} 只是標示伺服器節點。",
)
PLATFORM_OS = Words("The images run on Linux only.", "映像檔只能在 Linux 上執行。")
PLATFORM_ARCH = Words(
    "The nodes are {kinds}; images built on one machine run on one architecture, {arch}.",
    "節點有 {kinds} 多種架構；在一台機器上建置的映像檔只能在同一種架構（{arch}）上執行。",
)
PLATFORM_DB = Words(
    "{nodes} {nodes:is|are} {arch} and the nodes of web and api are {apps}: "
    "the db image must be there for {arch}; one saved from a machine of another architecture "
    "does not start.",
    "{nodes} 為 {arch}，而 web 與 api 的節點為 {apps}：該處的 db 映像檔必須是 {arch}；"
    "從其他架構的機器匯出的映像檔無法啟動。",
)
PLATFORM_NONE = Words(
    "{nodes} {nodes:is|are} {arch}, and a release has images for {served} only: build them on such a machine "
    "(`make images`), or use other nodes.",
    "{nodes} 為 {arch}，而發行版只提供 {served} 的映像檔：請在這種架構的機器上自行建置（`make images`），"
    "或改用其他節點。",
)
REPLICAS_ONE = Words(
    "{wanted} api pods do not fit beside the rest; one does.",
    "剩餘資源放不下 {wanted} 個 api Pod，只放得下一個。",
)
REPLICAS_ROOM = Words(
    "web and api together ask for {wanted}, more than is free: some pods will stay Pending.",
    "web 與 api 合計需要 {wanted}，超過剩餘資源：部分 Pod 會停在 Pending。",
)

# storage
STORAGE_DEFAULT = Words(
    "db.persistence.storageClass is unset: the cluster's default class {name} serves it.",
    "未設定 db.persistence.storageClass：使用叢集預設的儲存類別 {name}。",
)
STORAGE_UNREAD = Words(
    "db.persistence.storageClass is unset: the cluster's default class serves it.",
    "未設定 db.persistence.storageClass：使用叢集預設的儲存類別。",
)
STORAGE_SEVERAL = Words(
    "db.persistence.storageClass is unset: {names} are all marked as default, Kubernetes takes the newest.",
    "未設定 db.persistence.storageClass：{names} 都標示為預設，Kubernetes 會採用最新建立的一個。",
)
STORAGE_NONE = Words(
    "The cluster has no StorageClass with a provisioner: db's claim stays Pending until there is one.",
    "叢集沒有可自動佈建的儲存類別：在建立之前，db 的 PVC 會停在 Pending。",
)
STORAGE_CHOSEN = Words(
    "The cluster has no default class; {name} fits best.",
    "叢集沒有預設的儲存類別；{name} 最為合適。",
)
STORAGE_KEPT = Words(
    "The claim {claim} is of class {name}, and a claim's class cannot change.",
    "既有的 PVC {claim} 屬於儲存類別 {name}，而 PVC 的類別無法變更。",
)
STORAGE_IMMEDIATE = Words(
    "StorageClass {name} makes its volume before db has a node: it may be made on the wrong one. "
    "Use a class with volumeBindingMode WaitForFirstConsumer.",
    "儲存類別 {name} 會在 db 選定節點之前建立磁碟區，可能建在錯誤的節點上。"
    "請改用 volumeBindingMode 為 WaitForFirstConsumer 的類別。",
)
STORAGE_SIZE = Words(
    "The claim {claim} already has this size, and a claim cannot shrink to {size}.",
    "既有的 PVC {claim} 已是這個大小，無法縮小為 {size}。",
)

# access
PORT_FREE = Words(
    "{port} is the usual port, and no other Service has it.",
    "{port} 是慣用的連接埠，沒有其他 Service 使用。",
)
PORT_UNREAD = Words(
    "{port} is the usual port; whether another Service has it could not be read.",
    "{port} 是慣用的連接埠；無法得知是否已被其他 Service 使用。",
)
PORT_KEPT = Words("web already answers on {port}.", "web 目前已使用 {port}。")
PORT_TAKEN = Words(
    "{wanted} is taken by the Service {service}; {port} is the next free one.",
    "{wanted} 已被 Service {service} 使用；{port} 是下一個可用的連接埠。",
)
PORT_ANY = Words("Kubernetes chooses a free port.", "由 Kubernetes 選擇可用的連接埠。")
PORT_GIVEN_TAKEN = Words(
    "NodePort {port} was given but is taken by the Service {service}.",
    "您指定的 NodePort {port} 已被 Service {service} 使用。",
)
PORT_NONE = Words("No NodePort is free.", "沒有可用的 NodePort。")
PORT_REMEDY = Words(
    "Give another port, `--set web.service.nodePort={free}`, or delete the Service.",
    "請指定其他連接埠（`--set web.service.nodePort={free}`），或刪除該 Service。",
)
PORT_NONE_REMEDY = Words(
    "Delete a Service that has one, or do without: `--set web.service.type=ClusterIP`, and an Ingress.",
    "請刪除占用的 Service；或改用 `--set web.service.type=ClusterIP` 與 Ingress。",
)
CLUSTER_NODES = Words(
    "{count} node{count:|s}, each with the address users reach and the tiers that may run there.",
    "共 {count} 個節點，各列出使用者可連線的位址與可執行的元件。",
)
URLS_ALL = Words(
    "Every Ready machine answers; the nodes of web come first.",
    "每台 Ready 的機器都會回應；web 所在的節點列在前面。",
)
URLS_SOME = Words(
    "Every Ready machine answers, at {count} addresses; {shown} are listed, the nodes of web first.",
    "每台 Ready 的機器都會回應，共 {count} 個位址；此處列出 {shown} 個，web 所在的節點優先。",
)
URLS_NAMED = Words(
    "The host names of the Ingress and the HTTPRoute, which must lead to the cluster.",
    "Ingress 與 HTTPRoute 的主機名稱，名稱必須能解析到叢集。",
)
URLS_NONE = Words(
    "No port is known before the Service exists.",
    "Service 建立之前無法得知連接埠。",
)
ADDRESS_VIRTUAL = Words(
    "No address is listed for {nodes}: nothing listens on a virtual node.",
    "未列出 {nodes} 的位址：虛擬節點上沒有程式監聽。",
)
ADDRESS_FAMILY = Words(
    "Not listed: {addresses}. By the networks of its pods (spec.podCIDRs) the cluster serves {family} alone.",
    "未列出 {addresses}：依 Pod 的網路（spec.podCIDRs），叢集只支援 {family}。",
)
ADDRESS_UNTOLD = Words(
    "Not listed: {addresses}. The nodes do not tell (spec.podCIDRs) whether the cluster has both families.",
    "未列出 {addresses}：節點沒有說明（spec.podCIDRs）叢集是否同時支援 IPv4 與 IPv6。",
)
ADDRESS_OVERLAY = Words(
    "{node} is reached at {address}, but flannel uses {overlay}: pods on different nodes may not "
    "reach each other. On k3s, start it with --flannel-iface.",
    "{node} 的位址是 {address}，但 flannel 使用 {overlay}：不同節點上的 Pod 可能無法互連。在 k3s "
    "請以 --flannel-iface 啟動。",
)

# No placement.
MULTI_NONE = Words(
    "No node carries {labels}, so db has no place.",
    "沒有節點帶有標籤 {labels}，db 無處可放。",
)
MULTI_NONE_REMEDY = Words(
    "Label one, `kubectl label node {node} {labels}`, or use --topology single.",
    "請標記一個節點：`kubectl label node {node} {labels}`，或改用 --topology single。",
)
TIER_NOWHERE = Words("No node can run {tier}: {verdicts}.", "沒有節點能執行 {tier}：{verdicts}。")
DATA_BLOCKED = Words(
    "db's data are on volume {volume}, and no node that can mount it can run db: {verdicts}.",
    "db 的資料在磁碟區 {volume}，而能掛載它的節點都無法執行 db：{verdicts}。",
)
DATA_GONE = Words(
    "db's data are on volume {volume}, bound to {nodes}, which {nodes:is|are} not in the cluster.",
    "db 的資料在磁碟區 {volume}，綁定於 {nodes}，但該節點不在叢集中。",
)
DATA_GONE_REMEDY = Words(
    "Bring a node back under its old name; or, if the data may be lost, delete the claim first.",
    "請讓該節點以原名稱重新加入；若資料可以捨棄，請先刪除 PVC。",
)
DATA_MOVE = Words(
    "Move the data first, `{move} --to {node}`, or leave out --db-node.",
    "請先搬移資料（`{move} --to {node}`），或不要使用 --db-node。",
)
DBNODE_UNKNOWN = Words(
    "There is no node {node}; the node{nodes: is|s are} {nodes}.",
    "找不到節點 {node}；現有節點為 {nodes}。",
)
DBNODE_REMEDY = Words(
    "Give a node's name as `kubectl get nodes` shows it.",
    "請使用 `kubectl get nodes` 顯示的節點名稱。",
)
DBNODE_DATA = Words(
    "db's data are on volume {volume}, which only {nodes} can mount, not {node}.",
    "db 的資料在磁碟區 {volume}，只有 {nodes} 能掛載，{node} 不行。",
)
HOSTNAME_MISSING = Words(
    "{node} has no {label} of its own, so db cannot be tied to it.",
    "{node} 沒有專屬的 {label} 標籤，無法將 db 固定於該節點。",
)
HOSTNAME_REMEDY = Words(
    "Give it one: `kubectl label --overwrite node {node} {label}`.",
    "請為它設定：`kubectl label --overwrite node {node} {label}`。",
)
HOSTNAME_OTHER = Words(
    "Its name is too long for a label's value: choose another node.",
    "該節點的名稱過長，無法作為標籤的值：請選擇其他節點。",
)
REMEDY_UNCORDON = Words("Run `kubectl uncordon {node}`.", "請執行 `kubectl uncordon {node}`。")
REMEDY_READY = Words(
    "Start {node} (its k3s agent or kubelet) and wait until `kubectl get nodes` shows it Ready.",
    "請啟動 {node}（k3s agent 或 kubelet），並等到 `kubectl get nodes` 顯示 Ready。",
)
REMEDY_UNINITIALIZED = Words(
    "No toleration helps. Start a cloud controller manager (`kubectl -n kube-system get pods` shows whether "
    "one runs), or, without a cloud, start {node} without --disable-cloud-controller and "
    "--kubelet-arg=cloud-provider=external. The taint then goes, as `kubectl describe node {node}` shows.",
    "容忍此污點沒有幫助。請啟動 cloud controller manager"
    "（`kubectl -n kube-system get pods` 可查看是否在執行）；若沒有使用雲端，"
    "請讓 {node} 啟動時不使用 --disable-cloud-controller 與 "
    "--kubelet-arg=cloud-provider=external。之後污點會自動移除，可用 `kubectl describe node {node}` 查看。",
)
REMEDY_SHUTDOWN = Words(
    "Start the machine {node} where its cloud lists it; the taint then goes by itself.",
    "請在雲端平台啟動機器 {node}；之後污點會自動移除。",
)
REMEDY_OUT_OF_SERVICE = Words(
    "Somebody marked {node} after it failed. Once it works again, remove the mark: "
    "`kubectl taint node {node} node.kubernetes.io/out-of-service-`.",
    "{node} 故障後被標示為停止服務。待其恢復後，請移除標示："
    "`kubectl taint node {node} node.kubernetes.io/out-of-service-`。",
)
REMEDY_NETWORK = Words(
    "The network plugin has not set {node} up. See whether its pod runs there: "
    "`kubectl get pods -A -o wide --field-selector spec.nodeName={node}`.",
    "網路外掛尚未設定 {node}。請查看其 Pod 是否在該處執行："
    "`kubectl get pods -A -o wide --field-selector spec.nodeName={node}`。",
)
REMEDY_PRESSURE = Words(
    "Free on {node} what runs short: unused images and old logs, memory, or processes. "
    "`kubectl describe node {node}` tells which.",
    "請在 {node} 釋放不足的資源：未使用的映像檔與舊日誌、記憶體，或行程。"
    "`kubectl describe node {node}` 會說明是哪一項。",
)
REMEDY_STARTING = Words(
    "Wait until that program is ready on {node}, or see why it is not: "
    "`kubectl get pods -A -o wide --field-selector spec.nodeName={node}`.",
    "請等待該程式在 {node} 就緒，或查看原因："
    "`kubectl get pods -A -o wide --field-selector spec.nodeName={node}`。",
)
REMEDY_SYSTEM = Words(
    "Kubernetes removes the taint when its cause is gone, which `kubectl describe node {node}` shows.",
    "原因消失後 Kubernetes 會移除污點；`kubectl describe node {node}` 會顯示原因。",
)
REMEDY_ROOM = Words(
    "Free some resources of {node}, or ask for less: `{options}`.",
    "請釋放 {node} 的資源，或降低需求：`{options}`。",
)
REMEDY_FREE = Words(
    "{node} has nothing left: remove other pods from it, or add a node.",
    "{node} 已無剩餘資源：請移除其他 Pod，或新增節點。",
)
REMEDY_TAINT = Words(
    "Remove the taint{taints:|s}, `kubectl taint node {node} {taints}`, "
    "or accept {taints:it|them}: `{options}`.",
    "請移除污點（`kubectl taint node {node} {taints}`），或容忍它：`{options}`。",
)
REMEDY_JOIN = Words(
    "Repair one of these nodes, or add another to the cluster.",
    "請修復其中一個節點，或將新節點加入叢集。",
)
VALUES_YAML = Words("{file} is not YAML: {why}.", "{file} 不是 YAML：{why}。")
VALUES_MAPPING = Words(
    "{file} holds no values: at the top there must be keys.",
    "{file} 沒有設定值：最上層必須是鍵。",
)
VALUES_REMEDY = Words("Give a values file of the chart.", "請提供此 chart 的 values 檔。")
SET_FORM = Words("--set {given} is not key=value.", "--set {given} 不是 key=value 的形式。")
SET_YAML = Words("The value in --set {given} is not YAML: {why}.", "--set {given} 的值不是 YAML：{why}。")
SET_REMEDY = Words("Write it like --set api.replicas=3.", "請寫成例如 --set api.replicas=3。")
SCHEMA = Words("{source}: {key}: {why}.", "{source}：{key}：{why}。")
SCHEMA_REMEDY = Words(
    "See {schema} for what the key may be.",
    "可用的值請見 {schema}。",
)
BYTES_WRONG = Words(
    "{given} is no whole number of bytes below 8Ei",
    "{given} 不是小於 8Ei 的整數位元組數",
)
CORES_WRONG = Words(
    "{given} is no whole number of thousandths of a CPU (1m), or more than Kubernetes counts",
    "{given} 不是千分之一 CPU（1m）的整數倍，或超過 Kubernetes 可計算的範圍",
)
SCHEDULE_WRONG = Words(
    "'{given}' is no schedule that Kubernetes takes and that comes, such as '0 3 * * *'",
    "'{given}' 不是 Kubernetes 接受且會發生的排程，例如 '0 3 * * *'",
)
ZONE_WRONG = Words(
    "{given} is no time zone, such as Asia/Taipei or UTC",
    "{given} 不是時區名稱，例如 Asia/Taipei 或 UTC",
)
SCHEMA_GIVEN = Words("The values given do not fit the chart", "指定的值不符合 chart")
SCHEMA_MADE = Words("The values made do not fit the chart", "產生的值不符合 chart")
OUTPUT_UNWRITABLE = Words("Cannot write {file}: {why}.", "無法寫入 {file}：{why}。")
OUTPUT_REMEDY = Words(
    "Give a file in an existing folder of yours with --file FILE.",
    "請以 --file FILE 指定您可寫入的既有資料夾中的檔案。",
)
LABEL_OTHER = Words(
    "{node} already carries {label}, which something else may rely on.",
    "{node} 已帶有標籤 {label}，可能有其他元件依賴它。",
)
LABEL_OTHER_REMEDY = Words(
    "If not, run `{command}`.",
    "若沒有，請執行 `{command}`。",
)
LABEL_DONE = Words("{node}: labelled {labels}.", "{node}：已加上標籤 {labels}。")
LABEL_ALREADY = Words(
    "{node}: carries {labels} already; nothing done.",
    "{node}：原本就有標籤 {labels}，未做變更。",
)

# The report.
HEAD_MADE = Words(
    "Values for the chart mcapp, made by genvalues from the state of the cluster.",
    "chart mcapp 的設定值，由 genvalues 依叢集現況產生。",
)
HEAD_AGAIN = Words(
    "Do not edit it, make it again: --set and --base add your own values, --check shows what changed.",
    "請勿直接編輯，請重新產生：以 --set 與 --base 加入您的設定，以 --check 查看變動。",
)
REPORT_TIER = Words("{tier} may run on {nodes}.", "{tier} 可在 {nodes} 執行。")
REPORT_REFUSED = Words("{tier} not on {nodes}: {reasons}.", "{tier} 不在 {nodes}：{reasons}。")
REPORT_UNREAD = Words(
    "Not read, so not considered: {kinds}.",
    "未能讀取，因此未列入考量：{kinds}。",
)
REPORT_WROTE = Words("Wrote {file}.", "已寫入 {file}。")
REPORT_SAME = Words("{file} is up to date; left untouched.", "{file} 已是最新，未變更。")
CHECK_SAME = Words("{file} still fits the cluster.", "{file} 仍符合叢集現況。")
CHECK_ABSENT = Words("{file} does not exist yet.", "{file} 尚不存在。")
CHECK_WORDS = Words("Only comments or layout differ.", "只有註解或排版不同。")
DRIFT_CHANGED = Words("{key}: {old} -> {new}. {reason}", "{key}：{old} → {new}。{reason}")
DRIFT_ADDED = Words("{key}: now {new}. {reason}", "{key}：現為 {new}。{reason}")
DRIFT_REMOVED = Words("{key}: {old} is no longer set.", "{key}：不再設定 {old}。")
DRIFT_NODE_GONE = Words("cluster.nodes: {node} has left the cluster.", "cluster.nodes：{node} 已離開叢集。")
DRIFT_NODE_NEW = Words("cluster.nodes: {node} has joined the cluster.", "cluster.nodes：{node} 已加入叢集。")
DRIFT_NODE_ADDRESS = Words(
    "cluster.nodes: the address of {node} changed from {old} to {new}.",
    "cluster.nodes：{node} 的位址從 {old} 變為 {new}。",
)
DRIFT_NODE_TIERS = Words(
    "cluster.nodes: {node} may run {new} now, before {old}.",
    "cluster.nodes：{node} 現在可執行 {new}，先前為 {old}。",
)
NOTHING = Words("nothing", "無")

# Where no cluster answers, a file may.
START_OR_FILE = Words(
    "Start it, check that $KUBECONFIG leads to it, or work from a file with --nodes-file.",
    "請啟動叢集、檢查 $KUBECONFIG 是否指向它，或以 --nodes-file 使用檔案。",
)
NODES_IN_A_FILE = Words(
    "Ask an administrator for `kubectl get nodes -o json > nodes.json` and give it with --nodes-file.",
    "請向管理者索取 `kubectl get nodes -o json > nodes.json`，再以 --nodes-file 提供。",
)
