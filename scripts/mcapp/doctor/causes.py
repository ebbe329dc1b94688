"""Every cause that the doctor knows: its layer, what is wrong, and what to do, in both languages."""

from __future__ import annotations

from typing import NamedTuple

from mcapp.messages import Words

# In the order of the walk. A fault of one layer shows in the layers after it, not before.
LAYERS = ("nodes", "release", "pods", "services", "network", "storage", "logs", "access")


class Cause(NamedTuple):
    """One cause. `problem` and `remedy` are English and Chinese, with the same parts in braces."""

    layer: str
    problem: Words
    remedy: Words


CAUSES: dict[str, Cause] = {
    # nodes
    "node-not-ready": Cause(
        "nodes",
        Words("Node {node} is not Ready: {why}.", "節點 {node} 不是 Ready 狀態：{why}。"),
        Words(
            "On {node}, start the kubelet (k3s: the service k3s or k3s-agent) and read its journal.",
            "請在 {node} 上啟動 kubelet（k3s 為服務 k3s 或 k3s-agent），並查看其日誌。",
        ),
    ),
    "no-labelled-node": Cause(
        "nodes",
        Words("No node carries {labels}, which {pod} asks for.", "沒有節點帶有 {pod} 所需的標籤 {labels}。"),
        Words(
            "Label the machine that is to run db. Existing data do not move: if there are any, label the "
            "node that has them.",
            "請標記要執行 db 的機器。既有的資料不會移動：若已有資料，請標記資料所在的節點。",
        ),
    ),
    "node-cordoned": Cause(
        "nodes",
        Words(
            "{pod} could run only on {nodes}, which {nodes:is|are} cordoned (unschedulable).",
            "{pod} 只能在 {nodes} 執行，但該節點已停止排程（cordon）。",
        ),
        Words(
            "Ask the person who cordoned it, then allow pods on it again.",
            "請與停止排程的人確認後，重新開放該節點。",
        ),
    ),
    "node-tainted": Cause(
        "nodes",
        Words(
            "{pod} could run only on {nodes}, whose taint {taints} it does not tolerate.",
            "{pod} 只能在 {nodes} 執行，但無法容忍該節點的污點 {taints}。",
        ),
        Words(
            "Remove the taint if it is a mistake; else let {genvalues} write a toleration, and upgrade.",
            "若該污點並非刻意設定，請移除；否則請以 {genvalues} 產生 toleration 後升級。",
        ),
    ),
    "node-held-back": Cause(
        "nodes",
        Words(
            "{pod} could run only on {nodes}, which the cluster itself keeps pods from: taint {taints}.",
            "{pod} 只能在 {nodes} 執行，但叢集本身以污點 {taints} 讓 Pod 遠離這些節點。",
        ),
        Words(
            "A toleration does not help: end the state for which the taint stands, and it goes by itself.",
            "加上 toleration 沒有用：請排除該污點所代表的狀態，污點會自行消失。",
        ),
    ),
    "node-pressure": Cause(
        "nodes",
        Words(
            "Node {node} reports {condition} and evicts or refuses pods.",
            "節點 {node} 回報 {condition}，會驅逐或拒絕 Pod。",
        ),
        Words(
            "Free space on {node}: unused images, old logs, other pods.",
            "請在 {node} 上釋放空間：未使用的映像檔、舊的日誌、其他 Pod。",
        ),
    ),
    "node-full": Cause(
        "nodes",
        Words(
            "No node has room for {pod}: the scheduler says {why}.",
            "沒有節點有足夠資源執行 {pod}：排程器回報 {why}。",
        ),
        Words(
            "Remove other pods, add a node, or lower {tier}.resources.requests in the values and upgrade.",
            "請移除其他 Pod、新增節點，或降低 {tier}.resources.requests 後升級。",
        ),
    ),
    "unschedulable": Cause(
        "nodes",
        Words("The scheduler finds no node for {pod}: {why}.", "排程器找不到可執行 {pod} 的節點：{why}。"),
        Words(
            "Make the values again from the present nodes, and upgrade.",
            "請依現有節點重新產生設定值，然後升級。",
        ),
    ),
    # release
    "namespace-missing": Cause(
        "release",
        Words("There is no namespace {namespace}.", "找不到命名空間 {namespace}。"),
        Words(
            "Install the release, or give its namespace with -n.",
            "請安裝 release，或以 -n 指定正確的命名空間。",
        ),
    ),
    "release-missing": Cause(
        "release",
        Words(
            "Namespace {namespace} has no release {release} of mcapp.",
            "命名空間 {namespace} 中沒有 mcapp 的 release {release}。",
        ),
        Words(
            "Install it, or give its name and namespace with --release and -n.",
            "請安裝，或以 --release 與 -n 指定正確的名稱與命名空間。",
        ),
    ),
    "changed-by-hand": Cause(
        "release",
        Words(
            "Something was changed by hand since Helm installed {release}: {what}.",
            "在 Helm 安裝 {release} 之後，有設定被手動更改：{what}。",
        ),
        Words(
            "Set it back. If the change was meant, make it in the values and upgrade.",
            "請改回原值。若確實要更改，請改設定值後升級。",
        ),
    ),
    "namespace-terminating": Cause(
        "release",
        Words(
            "Namespace {namespace} is being deleted since {since}, so nothing can be made in it.",
            "命名空間 {namespace} 自 {since} 起正在刪除，因此無法在其中建立任何物件。",
        ),
        Words(
            "Wait until it is gone, and install again. If it stays, the lines above name what keeps it: an "
            "object with a finalizer, or an API service that does not answer. Let that end.",
            "請等它消失後重新安裝。若一直存在，上方的內容會指出原因：帶有 finalizer 的物件，"
            "或沒有回應的 API service；請先處理它。",
        ),
    ),
    "release-stuck": Cause(
        "release",
        Words(
            "Revision {revision} of release {release} is {status} since {since}, and nobody is at work on "
            "it: that helm was cut off. Helm refuses every further upgrade.",
            "release {release} 的 revision {revision} 自 {since} 起為 {status}，但沒有人在處理：當時的 helm "
            "被中斷。Helm 會拒絕之後的所有升級。",
        ),
        Words(
            "This command ends that state and deletes no data; then upgrade again. If somebody's helm still "
            "runs elsewhere, let it end first.",
            "以下指令會結束這個狀態，不會刪除資料；之後再重新升級。若別處還有 helm 在執行，請先等它結束。",
        ),
    ),
    "workload-missing": Cause(
        "release",
        Words("The {kind} of {tier} is gone.", "{tier} 的 {kind} 不存在。"),
        Words(
            "Upgrade with the release's own values: Helm makes it again.",
            "請以 release 原有的設定值升級，由 Helm 重新建立。",
        ),
    ),
    # pods
    "scaled-to-zero": Cause(
        "pods",
        Words("{tier} is scaled to 0 pods.", "{tier} 的副本數被調整為 0。"),
        Words("Scale it up again.", "請重新調整副本數。"),
    ),
    "quota-exceeded": Cause(
        "pods",
        Words(
            "The quota {quota} of namespace {namespace} leaves no room for the pods of {tier}.",
            "命名空間 {namespace} 的配額 {quota} 不足以建立 {tier} 的 Pod。",
        ),
        Words(
            "Raise the quota, or remove what uses it up. Kubernetes then makes the pods by itself, within a "
            "quarter of an hour; the second command makes it try at once.",
            "請提高配額或移除占用者。之後 Kubernetes 會在十五分鐘內自動建立 Pod；第二個指令會讓它立即重試。",
        ),
    ),
    "pod-security": Cause(
        "pods",
        Words(
            "Pod Security of namespace {namespace} refuses the pods of {tier}: {why}.",
            "命名空間 {namespace} 的 Pod Security 拒絕 {tier} 的 Pod：{why}。",
        ),
        Words(
            "The chart's own pods meet `restricted`: upgrade without what was added to them.",
            "此 chart 原本的 Pod 符合 `restricted`：請以升級移除額外加入的設定。",
        ),
    ),
    "pods-not-created": Cause(
        "pods",
        Words(
            "Kubernetes does not make the pods of {tier}: {why}.",
            "Kubernetes 無法建立 {tier} 的 Pod：{why}。",
        ),
        Words(
            "Fix what the message names. The controller tries again by itself, but may wait a quarter of an "
            "hour; this command makes it try at once.",
            "請修正訊息所指的問題。控制器會自動重試，但可能要等十五分鐘；以下指令會讓它立即重試。",
        ),
    ),
    "limit-range": Cause(
        "pods",
        Words(
            "A LimitRange of namespace {namespace} ({ranges}) leaves no room for the pods of {tier}: {why}.",
            "命名空間 {namespace} 的 LimitRange（{ranges}）不允許 {tier} 的 Pod：{why}。",
        ),
        Words(
            "Raise its limits, or set smaller requests and limits for {tier}. The second command makes the "
            "controller try at once.",
            "請提高其上限，或縮小 {tier} 的 requests 與 limits。第二個指令會讓控制器立即重試。",
        ),
    ),
    "image-missing": Cause(
        "pods",
        Words(
            "The image {image} of {pod} is not on node {node}, and cannot be pulled.",
            "{pod} 的映像檔 {image} 不在節點 {node} 上，也無法下載。",
        ),
        Words(
            "Put the image on that node; the pod then starts by itself. If the name is wrong, "
            "correct the values.",
            "請將映像檔放到該節點，Pod 會自動啟動；若名稱有誤，請修正設定值。",
        ),
    ),
    "image-architecture": Cause(
        "pods",
        Words(
            "The image {image} was built for an architecture other than that of node {node}.",
            "映像檔 {image} 的架構與節點 {node} 不同。",
        ),
        Words(
            "Build or save the image for that node's architecture, and put it on the node.",
            "請為該節點的架構建置或匯出映像檔，再放到該節點。",
        ),
    ),
    "secret-missing": Cause(
        "pods",
        Words("{pod} cannot start without {what}.", "缺少 {what}，{pod} 無法啟動。"),
        Words(
            "Restore the Secret from a backup if there is one. If it held the database's passwords and is "
            "lost, this upgrade makes new ones, which db uses from its next start; then switch "
            "db.auth.resetPasswords off again.",
            "若有備份，請還原該 Secret。若它存放資料庫密碼且已遺失，此升級會建立新密碼，db 啟動時即改用；"
            "之後請再關閉 db.auth.resetPasswords。",
        ),
    ),
    "configmap-missing": Cause(
        "pods",
        Words("{pod} cannot start without the ConfigMap {name}.", "缺少 ConfigMap {name}，{pod} 無法啟動。"),
        Words("Upgrade: Helm makes it again.", "請以升級由 Helm 重新建立。"),
    ),
    "sandbox-failed": Cause(
        "pods",
        Words("Node {node} cannot start {pod}: {why}.", "節點 {node} 無法啟動 {pod}：{why}。"),
        Words(
            "Read the kubelet's journal and check the network plugin's pods on {node}.",
            "請查看 {node} 上 kubelet 的日誌與網路外掛的 Pod。",
        ),
    ),
    "out-of-memory": Cause(
        "pods",
        Words(
            "{pod} was killed because it needs more memory than its limit {limit}.",
            "{pod} 使用的記憶體超過上限 {limit}，因此被終止。",
        ),
        Words(
            "Raise {tier}.resources.limits.memory in the values and upgrade.",
            "請提高 {tier}.resources.limits.memory 後升級。",
        ),
    ),
    "data-version": Cause(
        "pods",
        Words(
            "The data on db's volume are of a major version other than that of PostgreSQL in image {image}.",
            "db 磁碟區中的資料與映像檔 {image} 的 PostgreSQL 主要版本不同。",
        ),
        Words(
            "Set db.image.tag back to the version of the data and upgrade; move the data by dump "
            "and restore.",
            "請將 db.image.tag 改回資料的版本後升級；更換版本請以匯出與還原搬移資料。",
        ),
    ),
    "crash-loop": Cause(
        "pods",
        Words(
            "{pod} starts and ends again and again (exit code {code}); its last lines are below.",
            "{pod} 反覆啟動又結束（結束代碼 {code}）；最後的輸出如下。",
        ),
        Words(
            "Fix what the last lines name. If an earlier revision worked, go back to it; else correct the "
            "values, and upgrade.",
            "請修正最後幾行所指的問題。若先前有正常的版本，可回復到該版本；否則請修正設定值後升級。",
        ),
    ),
    "probe-failing": Cause(
        "pods",
        Words("{pod} runs but fails its {probe} probe: {why}.", "{pod} 執行中，但 {probe} 探測失敗：{why}。"),
        Words(
            "The pod's log says why. If the probe was changed, set it back: by the revision that worked "
            "before, or by right values and an upgrade.",
            "Pod 的日誌會說明原因。若探測設定被更改，請改回原值：回復到先前正常的版本，或修正設定值後升級。",
        ),
    ),
    "pods-starting": Cause(
        "pods",
        Words("{tier} has no ready pod yet: {why}.", "{tier} 尚無就緒的 Pod：{why}。"),
        Words("Wait, then run the doctor again.", "請稍候後再次診斷。"),
    ),
    # services
    "service-missing": Cause(
        "services",
        Words(
            "The Service {service} is gone, so nothing can reach {tier}.",
            "Service {service} 不存在，無法連到 {tier}。",
        ),
        Words(
            "Upgrade with the release's own values: Helm makes it again.",
            "請以 release 原有的設定值升級，由 Helm 重新建立。",
        ),
    ),
    "service-type": Cause(
        "services",
        Words(
            "Service {service} is of type ExternalName: it leads to {name}, and not to the pods of {tier}.",
            "Service {service} 的類型是 ExternalName：它指向 {name}，而不是 {tier} 的 Pod。",
        ),
        Words(
            "Set its type back, and all that was changed with it.",
            "請改回原本的類型，並一併還原同時更改的設定。",
        ),
    ),
    "service-selector": Cause(
        "services",
        Words(
            "The selector of Service {service} matches no pod: it asks for {labels}.",
            "Service {service} 的 selector 選不到任何 Pod：它要求 {labels}。",
        ),
        Words("Give it the labels that the pods of {tier} carry.", "請改為 {tier} 的 Pod 所帶的標籤。"),
    ),
    "target-port": Cause(
        "services",
        Words(
            "Service {service} sends to port {port}, but the pods of {tier} listen on {listen}.",
            "Service {service} 轉送到連接埠 {port}，但 {tier} 的 Pod 監聽 {listen}。",
        ),
        Words("Set its targetPort to {listen}.", "請將 targetPort 設為 {listen}。"),
    ),
    "service-port": Cause(
        "services",
        Words(
            "Service {service} has the ports {ports}, but the other tiers connect to {tier} on {wanted}.",
            "Service {service} 的連接埠是 {ports}，但其他元件以 {wanted} 連線到 {tier}。",
        ),
        Words(
            "Give it the right port and protocol again.",
            "請改回正確的連接埠與協定。",
        ),
    ),
    "foreign-endpoint": Cause(
        "services",
        Words(
            "Service {service} sends connections to {address} ({source}), which is no pod of this release.",
            "Service {service} 會將連線導向 {address}（{source}），但它不是此 release 的 Pod。",
        ),
        Words(
            "Take {source} out of the Service: only pods of this release may carry the labels of {tier}. "
            "Give its own pods other labels before you use it again.",
            "請將 {source} 移出該 Service：只有此 release 的 Pod 可帶有 {tier} 的標籤。"
            "再次使用前，請為它的 Pod 改用其他標籤。",
        ),
    ),
    "traffic-policy": Cause(
        "services",
        Words(
            "Service {service} has {field}: Local, and {nodes} {nodes:has|have} no pod of {tier}: "
            "whoever connects there gets no answer.",
            "Service {service} 設定了 {field}: Local，但 {nodes} 上沒有 {tier} 的 Pod，"
            "從該處連線不會有回應。",
        ),
        Words(
            "Set {field} to Cluster, the default; then every node passes connections on.",
            "請將 {field} 設為預設的 Cluster，每個節點就會轉送連線。",
        ),
    ),
    "no-leader": Cause(
        "services",
        Words(
            "None of the {count} members of the database is the leader, so nothing can be written.",
            "資料庫的 {count} 個成員中沒有主節點，因此無法寫入。",
        ),
        Words(
            "A member that has every acknowledged write must run, and reach the API server; then it takes "
            "over within seconds. Bring back the nodes that are gone, that of the last leader first.",
            "至少要有一個擁有全部已確認寫入的成員在執行，且能連到 API 伺服器，它會在數秒內接手。"
            "請讓離線的節點恢復，先恢復最後一個主節點所在的節點。",
        ),
    ),
    "split-labels": Cause(
        "services",
        Words(
            "Several members of the database are labelled as the leader: {pods}. Only one of them is. The "
            "Service sends to that one, but a backup and this tool go by the label.",
            "資料庫有多個成員帶有主節點的標籤：{pods}。真正的主節點只有一個，Service 只導向該成員，"
            "但備份與本工具依標籤選擇。",
        ),
        Words(
            "A member that has lost the lead takes its label off as soon as it reaches the API server. If it "
            "does not, remove it by hand from those that the list does not call Leader.",
            "失去主導權的成員一連上 API 伺服器就會移除自己的標籤。若沒有，"
            "請手動移除清單中不是 Leader 的成員的標籤。",
        ),
    ),
    # network
    "dns-down": Cause(
        "network",
        Words(
            "Names do not resolve inside the cluster: {why}.",
            "叢集內無法解析名稱：{why}。",
        ),
        Words(
            "Start CoreDNS again; its pods and their logs are in namespace kube-system.",
            "請恢復 CoreDNS；其 Pod 與日誌在命名空間 kube-system。",
        ),
    ),
    "dns-wrong": Cause(
        "network",
        Words(
            "CoreDNS runs, but does not know the names of the cluster: {why}.",
            "CoreDNS 正在執行，但不認得叢集內的名稱：{why}。",
        ),
        Words(
            "Read its configuration (the Corefile) and its log. Correct the Corefile, where the domain is "
            "usually cluster.local, then restart CoreDNS.",
            "請查看其設定（Corefile）與日誌。修正 Corefile（網域通常為 cluster.local）後，再重啟 CoreDNS。",
        ),
    ),
    "overlay-blocked": Cause(
        "network",
        Words(
            "Pods on {source} do not reach pods on {target}: what flannel sends between the nodes "
            "({carrier}, UDP port {port}) does not arrive.",
            "{source} 上的 Pod 無法連到 {target} 上的 Pod：flannel 在節點之間的封包（{carrier}，UDP "
            "{port}）沒有送達。",
        ),
        Words(
            "Open UDP {port} between the two machines, both ways. With several network cards, start k3s with "
            "--flannel-iface on both.",
            "請在兩台機器之間雙向開放 UDP {port}。若有多張網路卡，請在兩邊以 --flannel-iface 啟動 k3s。",
        ),
    ),
    "network-policy": Cause(
        "network",
        Words(
            "The NetworkPolicy {policy} does not let {source} through to {target}.",
            "NetworkPolicy {policy} 不允許 {source} 連到 {target}。",
        ),
        Words(
            "Add a rule that allows it, or remove the policy.",
            "請加入允許的規則，或移除該 NetworkPolicy。",
        ),
    ),
    "policy-changed": Cause(
        "network",
        Words(
            "The release's own NetworkPolicies do not let {source} through to {target}: {policy} is gone, or "
            "is not as the chart wrote it.",
            "release 自己的 NetworkPolicy 不允許 {source} 連到 {target}：{policy} 已不存在，或內容與 chart "
            "產生的不同。",
        ),
        Words(
            "Set it back: the chart's rules let each tier through to the next. A rule of your own belongs "
            "into a policy of your own.",
            "請改回原樣：chart 的規則允許每一層連到下一層；自訂的規則請放在另外的 NetworkPolicy。",
        ),
    ),
    "service-address": Cause(
        "network",
        Words(
            "The pods of {tier} answer, but its Service address {address} does not on node {node}: "
            "kube-proxy does not work there.",
            "{tier} 的 Pod 有回應，但在節點 {node} 上連不到 Service 位址 {address}：該節點的 "
            "kube-proxy 未正常運作。",
        ),
        Words(
            "Check kube-proxy on {node}; on k3s it is part of the service k3s or k3s-agent: restart that.",
            "請檢查 {node} 上的 kube-proxy；在 k3s 中它屬於服務 k3s 或 k3s-agent，請重新啟動該服務。",
        ),
    ),
    "pod-unreachable": Cause(
        "network",
        Words(
            "{target} is Ready but does not answer {source}: {why}.",
            "{target} 為 Ready，但不回應 {source}：{why}。",
        ),
        Words(
            "Check the network plugin on both nodes and the log of {target}.",
            "請檢查兩個節點的網路外掛與 {target} 的日誌。",
        ),
    ),
    "hung-process": Cause(
        "network",
        Words(
            "The process in {pod} on {node} hangs: it accepts a connection and says nothing.",
            "{node} 上 {pod} 的程序沒有反應：它接受連線，但不回應。",
        ),
        Words(
            "Delete the pod; Kubernetes starts another one. Data of db stay: PostgreSQL recovers them.",
            "請刪除該 Pod，Kubernetes 會啟動新的。db 的資料不受影響，PostgreSQL 會自行復原。",
        ),
    ),
    "path-mtu": Cause(
        "network",
        Words(
            "Large packets between {source} and {target} are lost: packets of {mtu} bytes should pass, the "
            "largest that arrives has {arrives}.",
            "{source} 與 {target} 之間的大封包會遺失：應可通過 {mtu} 位元組，實際最大只有 {arrives}。",
        ),
        Words(
            "A tunnel or VPN below is narrower than flannel believes. Set flannel's MTU on both nodes to "
            "{arrives}. To keep it, give the network card that flannel uses the MTU {underlay}, and restart "
            "k3s.",
            "底層的通道或 VPN 比 flannel 所認為的窄。請在兩個節點將 flannel 的 MTU 設為 {arrives}。"
            "若要永久生效，請將 flannel 使用的網路卡 MTU 設為 {underlay}，並重新啟動 k3s。",
        ),
    ),
    "web-api": Cause(
        "network",
        Words("web answers, but does not reach api: {why}.", "web 有回應，但連不到 api：{why}。"),
        Words("web's log names the address that it tried.", "web 的日誌會列出它嘗試的位址。"),
    ),
    # storage
    "claim-missing": Cause(
        "storage",
        Words("The claim {claim} that {pod} mounts is gone.", "{pod} 掛載的 PVC {claim} 不存在。"),
        Words(
            "Upgrade: Helm makes it again. The new volume is empty, so restore a backup into it.",
            "請以升級由 Helm 重新建立；新的磁碟區是空的，請再還原備份。",
        ),
    ),
    "claim-deleting": Cause(
        "storage",
        Words(
            "DATA IN DANGER: the claim {claim} of the database is being deleted. Only {pod}, which still "
            "runs, keeps it. When that pod ends, for whatever reason, {fate}",
            "資料有危險：資料庫的 PVC {claim} 正在刪除，目前只靠仍在執行的 {pod} 保住。"
            "該 Pod 一旦結束（不論原因），{fate}",
        ),
        Words(
            "Restart neither the database nor its node. Make a backup now (first command); then the rescue "
            "lets the volume stay and binds it to a new claim. Without the right to change PersistentVolumes "
            "the backup is the way: restore it when Helm has made the claim again.",
            "請勿重新啟動資料庫或其節點。請立即備份（第一個指令）；接著以救援指令保留磁碟區，"
            "並綁定到新的 PVC。"
            "若沒有變更 PersistentVolume 的權限，請在 Helm 重新建立 PVC 後還原備份。",
        ),
    ),
    "no-default-storageclass": Cause(
        "storage",
        Words(
            "The claim {claim} names no StorageClass, and the cluster has no default one.",
            "PVC {claim} 未指定儲存類別，而叢集沒有預設的儲存類別。",
        ),
        Words(
            "Mark a class as the default; the claim then takes it by itself.",
            "請將一個儲存類別設為預設，PVC 會自動採用。",
        ),
    ),
    "storageclass-missing": Cause(
        "storage",
        Words(
            "The claim {claim} asks for the StorageClass {name}, which does not exist.",
            "PVC {claim} 要求的儲存類別 {name} 不存在。",
        ),
        Words(
            "A claim's class cannot change: delete the empty claim, set "
            "db.persistence.storageClass, upgrade.",
            "PVC 的類別無法變更：請刪除空的 PVC，設定 db.persistence.storageClass 後升級。",
        ),
    ),
    "provisioner-down": Cause(
        "storage",
        Words(
            "The claim {claim} waits for the provisioner {provisioner}, which does not run.",
            "PVC {claim} 正在等待佈建程式 {provisioner}，但它沒有執行。",
        ),
        Words("Start the provisioner again.", "請恢復佈建程式。"),
    ),
    "claim-pending": Cause(
        "storage",
        Words("The claim {claim} gets no volume: {why}.", "PVC {claim} 無法取得磁碟區：{why}。"),
        Words(
            "Fix what the message names; Kubernetes tries again by itself.",
            "請修正訊息所指的問題；Kubernetes 會自動重試。",
        ),
    ),
    "volume-affinity": Cause(
        "storage",
        Words(
            "The data of {pod} are on volume {volume}, which only {home} can mount, "
            "but the pod may run only on {allowed}.",
            "{pod} 的資料在磁碟區 {volume}，只有 {home} 能掛載，但該 Pod 只能在 {allowed} 執行。",
        ),
        Words(
            "Let db run where its data are; {move} moves the data to another node.",
            "請讓 db 在資料所在的節點執行；{move} 可將資料搬到另一個節點。",
        ),
    ),
    "volume-node-gone": Cause(
        "storage",
        Words(
            "The data of {pod} are on volume {volume}, bound to {home}, which is not in the cluster.",
            "{pod} 的資料在磁碟區 {volume}，綁定於 {home}，但該節點不在叢集中。",
        ),
        Words(
            "Bring the node back under its old name; or, if the data may be lost, delete the claim and "
            "restore a backup.",
            "請讓該節點以原名稱重新加入；若資料可以捨棄，請刪除 PVC 後還原備份。",
        ),
    ),
    "mount-failed": Cause(
        "storage",
        Words(
            "Node {node} cannot mount a volume of {pod}: {why}.",
            "節點 {node} 無法掛載 {pod} 的磁碟區：{why}。",
        ),
        Words("Check the volume's folder or disk on {node}.", "請檢查 {node} 上該磁碟區的資料夾或磁碟。"),
    ),
    "disk-full": Cause(
        "storage",
        Words(
            "The disk of the database on node {node} is full.",
            "節點 {node} 上資料庫的磁碟已滿。",
        ),
        Words(
            "Free space on that disk of {node}; PostgreSQL then goes on by itself. Delete nothing in "
            "PostgreSQL's folder.",
            "請在 {node} 的該磁碟釋放空間，PostgreSQL 會自動恢復。請勿刪除 PostgreSQL 資料夾中的任何檔案。",
        ),
    ),
    # logs
    "password-rejected": Cause(
        "logs",
        Words(
            "PostgreSQL rejects the password of the api: the Secret and the database hold different ones.",
            "PostgreSQL 拒絕 api 的密碼：Secret 與資料庫中的密碼不同。",
        ),
        Words(
            "Let db use the passwords of the Secret {secret} from its next start, and restart api if it "
            "still uses an older one; then switch db.auth.resetPasswords off again.",
            "請讓 db 啟動時改用 Secret {secret} 中的密碼；若 api 仍使用舊密碼，請重新啟動 api；"
            "之後請再關閉 db.auth.resetPasswords。",
        ),
    ),
    "bad-migration": Cause(
        "logs",
        Words(
            "The schema of the database does not fit this api: {why}", "資料庫的結構與此 api 不相容：{why}"
        ),
        Words(
            "Install the version of the api that fits the database, or restore the database to fit the api.",
            "請安裝與資料庫相容的 api 版本，或將資料庫還原為與 api 相容的狀態。",
        ),
    ),
    "db-connections": Cause(
        "logs",
        Words(
            "PostgreSQL has no free connection: max_connections is reached.",
            "PostgreSQL 沒有可用的連線：已達 max_connections。",
        ),
        Words(
            "See which programs hold them, and end those that are not needed; fewer api replicas or a "
            "smaller api.poolSize need fewer.",
            "請查看占用者並結束不需要的連線；減少 api 副本數或 api.poolSize 可降低需求。",
        ),
    ),
    "database-missing": Cause(
        "logs",
        Words("The database that the api asks for does not exist: {why}", "api 要求的資料庫不存在：{why}"),
        Words(
            "db.database has an effect only at the first start: set it back, or create the database by hand.",
            "db.database 只在第一次啟動時有效：請改回原值，或手動建立資料庫。",
        ),
    ),
    "database-renamed": Cause(
        "logs",
        Words(
            "The database {database} that the api asks for is now called {name}; its data are there.",
            "api 要求的資料庫 {database} 已被改名為 {name}；資料仍在其中。",
        ),
        Words(
            "Give it its name back. End the sessions in it first, if PostgreSQL says that there are any.",
            "請改回原本的名稱；若 PostgreSQL 表示仍有連線，請先結束那些連線。",
        ),
    ),
    "db-permission": Cause(
        "logs",
        Words("PostgreSQL does not let the api do its work: {why}", "PostgreSQL 不允許 api 執行工作：{why}"),
        Words(
            "Give the role app its rights again.",
            "請恢復角色 app 的權限。",
        ),
    ),
    "locked": Cause(
        "logs",
        Words(
            "Somebody holds a lock on {table}: process {pid} of user {user}, since {since}, with: {query}",
            "有人鎖住了 {table}：使用者 {user} 的程序 {pid}，自 {since} 起，執行：{query}",
        ),
        Words(
            "Ask that person to end the transaction (COMMIT or ROLLBACK), or end the session; what it has "
            "not committed is undone.",
            "請該使用者結束交易（COMMIT 或 ROLLBACK），或直接結束其連線；尚未提交的變更會復原。",
        ),
    ),
    "locked-prepared": Cause(
        "logs",
        Words(
            "The prepared transaction {gid} of user {user} holds a lock on {table} since {since}; no session "
            "is left that could end it.",
            "使用者 {user} 的預備交易 {gid} 自 {since} 起鎖住 {table}；已沒有連線可以結束它。",
        ),
        Words(
            "Ask that person whether it is to be committed (COMMIT PREPARED). Else roll it back: what it has "
            "done is undone.",
            "請與該使用者確認是否要提交（COMMIT PREPARED）；否則請將它復原，其變更會取消。",
        ),
    ),
    "table-missing": Cause(
        "logs",
        Words(
            "The database lacks {tables}, which the api needs: renamed or dropped.",
            "資料庫缺少 api 需要的 {tables}：已被改名或刪除。",
        ),
        Words(
            "Bring it back where the api looks for it. If app.tasks was dropped, only a backup has the "
            "tasks; the other tables hold none, and are made anew.",
            "請改回 api 尋找的名稱與位置。若 app.tasks 已被刪除，只能由備份還原；"
            "其他資料表不含待辦事項，可以重新建立。",
        ),
    ),
    "read-only-role": Cause(
        "logs",
        Words(
            "The database takes no writes from the api: {setting} is set for {subject}.",
            "資料庫不接受 api 的寫入：{subject} 設定了 {setting}。",
        ),
        Words(
            "If a move of the database is under way, wait for it. Else reset the setting and end the api's "
            "sessions, which began with it; the api connects again by itself.",
            "若正在搬移資料庫，請等候完成。否則請重設該設定，並結束沿用該設定的 api 連線；"
            "api 會自動重新連線。",
        ),
    ),
    "database-setting": Cause(
        "logs",
        Words(
            "A setting of PostgreSQL keeps the api from its tasks: {setting}, set for {subject}.",
            "PostgreSQL 的設定使 api 無法使用待辦事項：{subject} 設定了 {setting}。",
        ),
        Words(
            "Set it back, and end the api's sessions, which began with it; the api connects again by itself.",
            "請改回原設定，並結束沿用該設定的 api 連線；api 會自動重新連線。",
        ),
    ),
    "table-changed": Cause(
        "logs",
        Words(
            "Somebody has changed {table}, and the api cannot work with that: {what}.",
            "有人更改了 {table}，api 因此無法使用：{what}。",
        ),
        Words(
            "Undo the change; no row is lost by it. Only if a backup is restored below, because a column was "
            "dropped, is what was entered after the backup lost.",
            "請復原該變更，資料不會遺失。只有在欄位已被刪除、以下指令是還原備份時，備份之後輸入的資料才會遺失。",
        ),
    ),
    "connection-limit": Cause(
        "logs",
        Words(
            "PostgreSQL has a limit for {what}: {limit} connections at most; {used} are in use, and the api "
            "needs more.",
            "PostgreSQL 對{what}設有上限：最多 {limit} 條連線；已使用 {used} 條，api 需要更多。",
        ),
        Words(
            "Lift the limit (-1 is none), or lower api.poolSize and api.replicas below it.",
            "請解除限制（-1 表示無限制），或將 api.poolSize 與 api.replicas 降到限制以下。",
        ),
    ),
    "login-disabled": Cause(
        "logs",
        Words(
            "PostgreSQL does not let the role app log in: {why}.",
            "PostgreSQL 不允許角色 app 登入：{why}。",
        ),
        Words("Allow it again.", "請重新允許登入。"),
    ),
    "db-starting": Cause(
        "logs",
        Words("The database is not ready yet: {why}", "資料庫尚未就緒：{why}"),
        Words("Wait, then run the doctor again.", "請稍候後再次診斷。"),
    ),
    "external-unreachable": Cause(
        "logs",
        Words(
            "api does not reach the external database {address}: {why}",
            "api 連不到外部資料庫 {address}：{why}",
        ),
        Words(
            "Check that the server listens there, that db.external.host and port are right, that its "
            "firewall admits this cluster's nodes, and that db.external.peers, if given, name where it is.",
            "請確認伺服器在該位址監聽、db.external.host 與 port 正確、其防火牆允許本叢集的節點；"
            "若指定了 db.external.peers，也須包含它的位址。",
        ),
    ),
    "external-tls": Cause(
        "logs",
        Words(
            "api cannot connect to the external database {address} by TLS: {why}",
            "api 無法以 TLS 連線到外部資料庫 {address}：{why}",
        ),
        Words(
            "The Secret of db.external.caSecret must hold the CA that signed the server's certificate, and "
            "the certificate must name db.external.host; db.external.sslMode decides how much is checked.",
            "db.external.caSecret 的 Secret 必須是簽發伺服器憑證的 CA，憑證也必須包含 db.external.host；"
            "檢查的程度由 db.external.sslMode 決定。",
        ),
    ),
    "external-refuses": Cause(
        "logs",
        Words(
            "The external database {address} does not let api do its work: {why}",
            "外部資料庫 {address} 不允許 api 執行工作：{why}",
        ),
        Words(
            "Correct the Secret {secret}, or on that server the role and its rights, which the chart's "
            "README lists; api reads the Secret only when it starts.",
            "請修正 Secret {secret}，或在該伺服器上修正角色與權限（見 chart 的 README）；"
            "api 只在啟動時讀取 Secret。",
        ),
    ),
    "api-db": Cause(
        "logs",
        Words("api runs but cannot use the database: {why}", "api 執行中，但無法使用資料庫：{why}"),
        Words("The logs of api and db say more.", "api 與 db 的日誌有更多資訊。"),
    ),
    "db-tls": Cause(
        "logs",
        Words(
            "api does not take the certificate of its database: {why}",
            "api 不接受資料庫的憑證：{why}",
        ),
        Words(
            "The commands make another certificate, or show whose it is (db.tls.mode). The pods have it "
            "within two minutes, and none needs to start again. Do not switch the check off instead.",
            "以下指令會產生新的憑證，或顯示憑證由誰管理（db.tls.mode）。"
            "Pod 在兩分鐘內會取得，都不必重新啟動。請勿改為關閉檢查。",
        ),
    ),
    "tls-expiring": Cause(
        "logs",
        Words(
            "The database's certificate (Secret {secret}) ends in {days} days, on {date}: then api cannot "
            "use the database.",
            "資料庫的憑證（Secret {secret}）將於 {days} 天後（{date}）到期；屆時 api 會無法使用資料庫。",
        ),
        Words(
            "An upgrade of the release renews a certificate of the chart. cert-manager renews its own: see "
            "why it has not. A Secret of yours gets another certificate from you.",
            "由 chart 產生的憑證，升級 release 時就會更新。cert-manager 會自行更新：請查看為何沒有。"
            "自備的 Secret 請自行換上新憑證。",
        ),
    ),
    "replica-lagging": Cause(
        "logs",
        Words(
            "The replica {pod} is {mib} MiB behind the leader {leader}, or does not follow it.",
            "副本 {pod} 落後主節點 {leader} {mib} MiB，或沒有跟上。",
        ),
        Words(
            "After a short interruption it catches up by itself. If it stays behind, the second command "
            "copies the data again and deletes the replica's old copy.",
            "短暫中斷後它會自行跟上。若一直落後，請用第二個指令重新複製資料（會刪除副本的舊資料）。",
        ),
    ),
    # access
    "nodeport-unreachable": Cause(
        "access",
        Words(
            "Inside the cluster all works, but port {port} of {addresses} does not answer this machine.",
            "叢集內部一切正常，但從這台機器連不到 {addresses} 的連接埠 {port}。",
        ),
        Words(
            "Open TCP {port} in the firewall of that node, or of a machine in between.",
            "請在該節點（或中間）的防火牆開放 TCP {port}。",
        ),
    ),
}
