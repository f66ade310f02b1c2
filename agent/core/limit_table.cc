// SPDX-License-Identifier: Apache-2.0
#include "core/limit_table.h"

#include <array>
#include <chrono>
#include <cstdint>

#include "core/limits.h"

namespace sampan::core {
namespace {

// In the largest unit that divides it.
template <class Units>
std::string in_units(std::uint64_t count, const Units& units) {
  auto chosen = units.front();
  for (const auto& unit : units)
    if (count >= unit.first && count % unit.first == 0) chosen = unit;
  const std::string name = chosen.second;
  return std::to_string(count / chosen.first) + (name.empty() ? "" : " " + name);
}

template <class Rep, class Period>
std::string told(std::string_view, std::chrono::duration<Rep, Period> time) {
  constexpr std::array units{std::pair{std::uint64_t{1}, "ms"}, std::pair{std::uint64_t{1000}, "s"},
                             std::pair{std::uint64_t{60'000}, "min"}, std::pair{std::uint64_t{3'600'000}, "h"}};
  return in_units(static_cast<std::uint64_t>(std::chrono::milliseconds(time).count()), units);
}

std::string told(std::string_view name, std::uint64_t count) {
  constexpr std::array bytes{std::pair{std::uint64_t{1}, "bytes"}, std::pair{std::uint64_t{1} << 10, "KiB"},
                             std::pair{std::uint64_t{1} << 20, "MiB"}, std::pair{std::uint64_t{1} << 30, "GiB"},
                             std::pair{std::uint64_t{1} << 40, "TiB"}};
  const bool of_bytes = name.find("bytes") != std::string_view::npos || name.ends_with("_checked_every");
  return of_bytes ? in_units(count, bytes) : std::to_string(count);
}

#define LIMIT(name, en, zh) {#name, told(#name, limits::name), en, zh},
const std::vector<Limit> table{
    LIMIT(gathered_bytes_max, "A larger object streams into a segment of its own.",
          "更大的对象直接写入独立的段文件。")
    LIMIT(pool_bytes, "Memory that gathers objects on their way to the disk; when it is used up, senders wait.",
          "写盘前聚集对象的内存；用尽时发送方等待。")
    LIMIT(segment_bytes_max, "A segment of the spool is closed at this size.",
          "存储段达到该大小即封闭。")
    LIMIT(small_segment_bytes_max, "The same where the file system gives no part of a file back, so that room comes back as segments are emptied.",
          "文件系统无法回收文件的一部分时采用此值：段清空后空间即可收回。")
    LIMIT(note_segment_bytes_max, "A segment of receipts is closed at this size.",
          "回执段达到该大小即封闭。")
    LIMIT(notes_slack_bytes, "Receipts that say nothing any more are removed from the disk once there are so many.",
          "失效的回执累计到这么多后，从磁盘中清除。")
    LIMIT(gone_images_kept, "Images removed here after proof and remembered, so that a repeat is recognised.",
          "证实后已从本机删除、但仍记录在案的图像数，用于识别重复发送。")
    LIMIT(ballast_bytes, "Disk space held back, so that receipts can be kept when something else fills the disk.",
          "预留的磁盘空间：其他程序占满磁盘时仍可保存回执。")
    LIMIT(ballast_files, "Files that hold it.", "占用该预留空间的文件数。")
    LIMIT(damaged_ledgers_kept, "Damaged ledgers that are kept aside; older ones are removed.",
          "另存的损坏账本数；更早的会被删除。")
    LIMIT(chunk_bytes, "Bytes that are encrypted as one piece.",
          "作为一块加密的字节数。")
    LIMIT(item_bytes_max, "One object.",
          "单个对象。")
    LIMIT(facts_bytes_max, "What is remembered of one object's header.",
          "从一个对象头部记录的信息。")
    LIMIT(reserve_bytes, "Disk space kept free of images, for receipts and telemetry.",
          "为回执和状态数据保留、不存图像的磁盘空间。")
    LIMIT(reserve_inodes, "The same, counted in files.",
          "同上，按文件数计。")
    LIMIT(reclaim_below_percent, "Percent of the disk free: below it, copies go that are kept only because there is room.",
          "磁盘剩余百分比：低于此值时，开始清理可清理的本机副本。")
    LIMIT(reclaim_until_percent, "Percent of the disk free: then no more of them go.",
          "磁盘剩余百分比：恢复到此值时，停止清理。")
    LIMIT(unindexed_items_max, "Objects stored while the ledger cannot be written; beyond it new ones are refused.",
          "账本无法写入期间可存储的对象数；超出则拒收。")
    LIMIT(notes_waiting_max, "Receipts and the like that wait while they cannot be written; beyond it nothing more is sent.",
          "无法写盘期间等待写入的回执等记录数；超出则暂停发送。")
    LIMIT(read_ahead_bytes_max, "Of each object that is sent next, so much is read from the disk ahead.",
          "对即将发送的每个对象预先从磁盘读取的字节数。")
    LIMIT(room_checked_every, "An object that arrives is checked against the free space after so many bytes.",
          "接收对象时每隔该字节数检查一次剩余空间。")
    LIMIT(intake_hours_kept, "Hours in which images came that are counted; those farthest from the last one are forgotten.",
          "按小时统计图像接收量的小时数；超出则丢弃离最近一次最远的。")
    LIMIT(orders_kept, "Orders on exams of which nothing is here any more; the oldest are forgotten.",
          "对本机已无任何图像的检查所下指令的保留数；超出则丢弃最早的。")
    LIMIT(exam_names_max, "Accession numbers, series and the like that one exam is found by.",
          "可用于查找同一检查的检查号、序列号等的数量。")
    LIMIT(commitments_kept, "Requests for storage commitment this node made and still knows; the oldest are forgotten and asked anew.",
          "本机发出并记住的存储承诺请求数；超出则忘记最早的并重新请求。")
    LIMIT(node_keys_max, "Keys of one node, the retired ones with them.",
          "单个节点的密钥数，含已停用的。")
    LIMIT(keyring_bytes_max, "One file of keys.",
          "单个密钥文件。")
    LIMIT(owner_noted_every, "That this node stored here is noted again so often while it cannot be written.",
          "“本机在此存储”的标记无法写入时的重试间隔。")
    LIMIT(queue_tick_every, "How often retention and free space are looked at.",
          "检查保留期和剩余空间的间隔。")
    LIMIT(intake_rate_time, "What the forecast of the disk looks back at.",
          "预测磁盘可用时间所依据的时间段。")
    LIMIT(order_patience, "How long a person's order may take to be written.",
          "人工指令写入的最长等待时间。")
    LIMIT(reasons_shown_max, "Reasons shown of what is on hold or rejected, per destination.",
          "每个目的地显示的暂停或拒收原因数。")
    LIMIT(worker_patience, "The process that reads foreign content is ended after so long without a sign of life.",
          "解析外来内容的进程超过该时间无响应即被结束。")
    LIMIT(worker_idle_max, "The same, after so long without work.",
          "同上，无任务超过该时间即结束。")
    LIMIT(worker_memory_bytes_max, "Memory of that process.",
          "该进程可用的内存。")
    LIMIT(worker_bytes_max, "Read by one such process; then the next one takes over.",
          "一个解析进程读取的数据量；之后由新进程接替。")
    LIMIT(worker_processor_seconds_max, "Processor time of that process, in seconds.",
          "该进程可用的处理器时间（秒）。")
    LIMIT(comparisons_max, "Comparisons of two images under one UID that broke off; then the later one is held.",
          "同一编号的两幅图像比较中断的次数；超过则后到的一幅被暂停。")
    LIMIT(comparison_pause, "Pause after a comparison that broke off.",
          "比较中断后的间隔。")
    LIMIT(beacon_touches_max, "Contents marked at once as being read.",
          "同时标记为正在读取的内容数。")
    LIMIT(beacon_strikes_max, "Contents remembered because the program died while it read them.",
          "因读取时程序崩溃而记住的内容数。")
    LIMIT(crashes_max, "Crashes with one content at work; then it is kept and not read any more.",
          "读取同一内容时的崩溃次数；超过则只保存、不再读取。")
    LIMIT(scan_bytes_max, "Bytes of an object that are searched for facts.",
          "为提取信息而扫描的对象字节数。")
    LIMIT(fact_value_bytes_max, "A longer value of a header is not remembered.",
          "更长的头部值不予记录。")
    LIMIT(scan_depth_max, "Levels of sequences that are searched for facts; a deeper one ends the search.",
          "为提取信息而扫描的序列嵌套层数；更深则停止扫描。")
    LIMIT(command_bytes_max, "A longer DICOM command breaks the connection.",
          "更长的 DICOM 命令将使连接中断。")
    LIMIT(sent_ahead_bytes_max, "Of an image, read ahead and sent at once.",
          "对单幅图像预先读取并一次发送的量。")
    LIMIT(pdu_sent_bytes_max, "Largest PDU that is sent, also where the peer would take more.",
          "发送的最大 PDU，即使对方可接受更大的。")
    LIMIT(commitment_bytes_max, "One report of storage commitment.",
          "单个存储承诺报告。")
    LIMIT(data_set_depth_max, "Levels of sequences in the answer to a query and the like.",
          "查询应答等数据集的序列嵌套层数。")
    LIMIT(data_set_elements_max, "Elements of such an answer.",
          "此类应答的元素数。")
    LIMIT(image_depth_max, "Levels of sequences in an image that is compared or changed; a deeper one is not.",
          "比较或修改图像时的序列嵌套层数；更深的不予处理。")
    LIMIT(pdu_bytes_max, "Largest PDU that is offered.",
          "提出的最大 PDU。")
    LIMIT(pdu_bytes_min, "Smallest PDU that may be chosen.",
          "可选的最小 PDU。")
    LIMIT(associations_max, "Connections of modalities at the same time, unless the settings say otherwise.",
          "设备同时连接数，可在配置中修改。")
    LIMIT(associations_per_host_max, "Of these, from one address, unless the settings say otherwise.",
          "其中来自同一地址的数量，可在配置中修改。")
    LIMIT(association_idle_max, "A silent connection is closed, unless the settings say otherwise.",
          "静默连接的关闭时间，可在配置中修改。")
    LIMIT(negotiation_time_max, "From the connection to the whole association request.",
          "从连接建立到收齐关联请求的时间。")
    LIMIT(refused_callers_kept, "Refused callers that are shown.",
          "显示的被拒绝来访者数量。")
    LIMIT(association_request_bytes_max, "A longer association request is refused.",
          "更长的关联请求将被拒绝。")
    LIMIT(knocking_max, "Connections beyond the associations that are heard out before they are refused.",
          "超出关联数、仍会听完再拒绝的连接数。")
    LIMIT(knocking_per_host_max, "The same, from one address.",
          "同上，来自同一地址。")
    LIMIT(promises_open_max, "Requests for storage commitment that modalities made and were not told about yet; beyond it refused.",
          "设备已提出、尚未答复的存储承诺请求数；超出则拒绝。")
    LIMIT(promised_instances_max, "Images in one request for storage commitment.",
          "一次存储承诺请求中的图像数。")
    LIMIT(promise_request_bytes_max, "One request for storage commitment.",
          "单个存储承诺请求的大小。")
    LIMIT(promise_pause, "A connection that stays open for so long after the request gets the report of storage commitment itself.",
          "提出请求后连接保持该时间不断开，则在该连接上发送存储承诺报告。")
    LIMIT(promise_call_pause, "Before a modality is called back with a report of storage commitment.",
          "回呼设备发送存储承诺报告前的等待时间。")
    LIMIT(promise_answer_time_max, "For the answer of a modality to a report of storage commitment.",
          "等待设备答复存储承诺报告的最长时间。")
    LIMIT(promise_back_off_least, "Before a report of storage commitment is told again, the first time; it doubles.",
          "存储承诺报告首次重发前的等待时间，此后加倍。")
    LIMIT(promise_back_off_most, "The same, at most.",
          "同上，上限。")
    LIMIT(promise_look_every, "How often it is looked at whether all of a request is archived.",
          "检查请求中的图像是否均已归档的间隔。")
    LIMIT(promise_archive_wait_max, "With commit_on: archived, what is not archived by then is not promised.",
          "commit_on: archived 时，超过该时间仍未归档则不予承诺。")
    LIMIT(promise_kept, "A report of storage commitment that no modality answers is given up after that.",
          "设备始终不答复的存储承诺报告在该时间后放弃。")
    LIMIT(promise_calls_max, "Modalities that are called back at the same time.",
          "同时回呼的设备数。")
    LIMIT(promises_per_association_max, "Requests for storage commitment that are told on the association that made them; others by calling back.",
          "在提出请求的关联上直接答复的存储承诺请求数；其余通过回呼答复。")
    LIMIT(promise_callers_remembered, "Modalities that cannot be told and whose reason is remembered, so that it is logged once.",
          "无法答复的设备中记住其原因的数量，以便只记录一次。")
    LIMIT(promise_whole_in, "Parts of a request for storage commitment that never came whole are forgotten after that.",
          "未完整收到的存储承诺请求，其已收部分在该时间后丢弃。")
    LIMIT(folder_depth_max, "Levels of folders below a folder.",
          "目录之下的层数。")
    LIMIT(folder_files_max, "Files looked after at once; the others wait for their turn.",
          "同时处理的文件数，其余排队。")
    LIMIT(folder_subfolders_max, "Folders watched; those beyond are looked at every so often.",
          "监视的子目录数，其余定期查看。")
    LIMIT(folder_remembered_max, "Files remembered that were taken and could not be removed.",
          "已接收但无法移除、需记住的文件数。")
    LIMIT(file_head_bytes_max, "File meta information of a DICOM file.",
          "DICOM 文件头信息。")
    LIMIT(dicomdir_bytes_max, "A larger DICOMDIR gives no order to the files of its medium.",
          "更大的 DICOMDIR 不再决定介质上文件的顺序。")
    LIMIT(folder_poll_every, "How often a folder is looked at that cannot be watched.",
          "无法监视的目录的查看间隔。")
    LIMIT(folder_rescan_every, "How often a watched folder is looked at for what was missed.",
          "监视中的目录查漏的间隔。")
    LIMIT(folder_retry_every, "After a full disk, a locked file or a missing folder.",
          "磁盘满、文件锁定或目录缺失后的重试间隔。")
    LIMIT(file_unclosed_max, "An empty file, one with a temporary name, or an image cut short counts as complete after that.",
          "空文件、临时名称的文件或不完整的图像，超过该时间视为已写完。")
    LIMIT(folder_same_names_max, "Files set aside under one name, with a number behind it.",
          "以同一名称（后加编号）另存的文件数。")
    LIMIT(lanes_max, "Lanes of one destination.",
          "单个目的地的通道数。")
    LIMIT(batch_items_max, "Objects given to a lane at once.",
          "一次交给通道的对象数。")
    LIMIT(batch_bytes_max, "The same, in bytes.",
          "同上，按字节计。")
    LIMIT(connect_time_max, "To connect to a next hop.",
          "连接目的地的时间。")
    LIMIT(answer_time_max, "For the answer to an object that was sent whole.",
          "对象发完后等待应答的时间。")
    LIMIT(back_off_least, "Shortest pause after a failure.",
          "失败后的最短间隔。")
    LIMIT(back_off_most, "Longest pause after failures.",
          "失败后的最长间隔。")
    LIMIT(commitment_wait, "For a report of storage commitment on the association that asked for it.",
          "在请求存储承诺的同一关联上等待报告的时间。")
    LIMIT(proof_batch_items_max, "Images that one question for proof speaks of.",
          "一次询问归档所涉及的图像数。")
    LIMIT(proof_wait_least, "From delivery to the first question for proof, and between questions at least.",
          "送达后到首次询问归档、以及两次询问之间的最短时间。")
    LIMIT(proof_wait_most, "Between questions for proof at most.",
          "两次询问归档之间的最长时间。")
    LIMIT(proof_pause, "Between questions for proof to one destination.",
          "对同一目的地两次询问归档之间的间隔。")
    LIMIT(resends_max, "An image that the next hop lost so often is told to a person; it is sent again all the same, ever more rarely.",
          "对方丢失同一图像达到该次数后提示人工处理；仍会以逐渐加长的间隔继续重发。")
    LIMIT(commitment_work_max, "A service that works on a request for storage commitment for longer is asked anew.",
          "对方处理存储承诺请求超过该时间则重新请求。")
    LIMIT(resend_pause, "Before an image that the next hop lost is sent again; it grows with each time.",
          "下一站丢失的图像重发前的等待时间，每次增长。")
    LIMIT(recheck_every, "After so much running time a destination is asked again about everything archived there and still here.",
          "累计运行该时间后，重新询问目的地是否仍保存本机尚存的已归档图像。")
    LIMIT(recheck_newest_every, "The same, about the newest of it only.",
          "同上，仅询问其中最新的。")
    LIMIT(recheck_newest, "So many are the newest of it.",
          "“最新”的图像数。")
    LIMIT(recheck_pause, "Between two questions about what was archived before.",
          "两次重新询问已归档图像之间的间隔。")
    LIMIT(commitment_kept, "A report of storage commitment that comes later than that is not known any more.",
          "超过该时间才到达的存储承诺报告不再被识别。")
    LIMIT(missing_answers_max, "An image that a query does not find so often is sent again.",
          "查询多次未找到的图像将重发。")
    LIMIT(failed_reports_max, "An image that reports of storage commitment do not commit to, for another reason than that it is lost: after so many questions "
                              "in vain it is looked for by a query: not found, it is sent again; after twice as many, where no query tells, too.",
          "存储承诺报告多次以“图像已丢失”以外的原因不予承诺：询问达到该次数后，通过查询确认图像是否在对方，查不到则重发；无法查询时，达到两倍后重发。")
    LIMIT(configuration_probe_every, "How often a destination that refuses this node is tried.",
          "拒绝本机的目的地的重试间隔。")
    LIMIT(contact_every, "A destination that was not heard of for so long is asked whether it is there.",
          "目的地在该时间内无往来时，主动确认其是否可达。")
    LIMIT(contact_first_within, "After the start, before it is asked for the first time.",
          "启动后首次确认之前的时间上限。")
    LIMIT(contact_answer_time_max, "For its answer.",
          "等待其应答的时间。")
    LIMIT(doubtful_tries_max, "Tries of an object whose answer nobody can read; then it is rejected.",
          "应答含义不明的对象的尝试次数，之后列为拒收。")
    LIMIT(doubtful_wait_least, "Shortest pause between these tries.",
          "上述尝试之间的最短间隔。")
    LIMIT(window_look_every, "The clock is looked at so often at least for a window that opens or closes, since somebody may set it.",
          "检查上传时段的最长间隔，以防时钟被调整。")
    LIMIT(capped_burst, "What a window's cap lets go in that time is sent at once after a pause.",
          "时段限速时，停顿之后可一次发出的量，以该时间内允许的量计。")
    LIMIT(connection_keep_time, "A lane without work keeps its connection for so long.",
          "空闲通道保留连接的时间。")
    LIMIT(upload_buffer_bytes, "Read from an object at once for HTTP.",
          "HTTP 发送时一次读取的字节数。")
    LIMIT(http_answer_bytes_max, "A longer answer is not read.",
          "更长的应答不予读取。")
    LIMIT(secret_bytes_max, "A password or token.",
          "密码或令牌。")
    LIMIT(stow_request_bytes_max, "Images gathered in one STOW request; a larger one goes alone.",
          "一个 STOW 请求中聚集的图像；更大的单独发送。")
    LIMIT(http_items_max, "Objects of telemetry in one request.",
          "一次请求中的状态数据对象数。")
    LIMIT(query_answer_bytes_max, "One match of a query.",
          "单条查询结果。")
    LIMIT(search_pages_max, "Pages of answers to a search for the images of one series.",
          "查询单个序列图像时的应答页数。")
    LIMIT(answer_depth_max, "Levels of an answer in JSON or XML.",
          "JSON 或 XML 应答的嵌套层数。")
    LIMIT(folder_group_bytes_max, "Written to a folder before all of it is made durable at once.",
          "写入目录后统一落盘前的数据量。")
    LIMIT(folders_made_max, "Folders a lane remembers to have made.",
          "单个通道记住的已建目录数。")
    LIMIT(token_margin, "A token is renewed so long before it ends.",
          "令牌到期前提前更新的时间。")
    LIMIT(titles_connected_max, "Calling AE titles of one lane that keep a connection.",
          "单个通道中保持连接的呼叫 AE 标题数。")
    LIMIT(titles_remembered_max, "Calling AE titles of one lane remembered as the destination treated them.",
          "单个通道记住的、目的地曾作出应答的呼叫 AE 标题数。")
    LIMIT(transform_held_bytes_max, "Changed text of the images that a lane carries at once.",
          "单个通道同时传送的图像中经改动的文字。")
    LIMIT(transform_bytes_max, "Text that is read and written anew in one image; beyond it the image is rejected.",
          "单幅图像中重新读写的文字；超出则列为拒收。")
    LIMIT(suspects_max, "Objects remembered per destination for breaking an attempt.",
          "每个目的地记住的可疑对象数。")
    LIMIT(suspect_strikes_max, "After so many failures, an object's failure says nothing about the destination.",
          "对象失败达该次数后，其失败不再说明目的地有问题。")
    LIMIT(blocked_classes_max, "Kinds of objects remembered as refused, per destination.",
          "每个目的地记住的被拒对象类别数。")
    LIMIT(control_body_bytes_max, "A request to the control socket.",
          "发往控制套接字的请求。")
    LIMIT(control_connections_max, "Connections to the control socket.",
          "控制套接字的连接数。")
    LIMIT(control_waiting_max, "Questions and orders that wait for their turn; status does not.",
          "排队等待处理的查询和命令数；status 不排队。")
    LIMIT(control_idle_max, "A silent connection to the control socket is closed.",
          "控制套接字静默连接的关闭时间。")
    LIMIT(refused_shown_time, "Whoever was refused within this time is worth attention.",
          "在该时间内被拒绝的连接方需要关注。")
    LIMIT(http_connection_bytes, "Request line and headers of one connection.",
          "单个连接的请求行和头部。")
    LIMIT(exams_traced_max, "Exams of one name that are told at once.",
          "一次显示的同名检查数。")
    LIMIT(exams_listed_max, "Exams of today that are listed.",
          "列出的今日检查数。")
    LIMIT(samples_waiting_max, "Samples that wait; the oldest go first.",
          "等待发送的采样数，超出则先丢弃最旧的。")
    LIMIT(samples_waiting_full, "The same, while the disk is too full for images.",
          "同上，磁盘已满不能接收图像时。")
    LIMIT(news_share, "One object in so many of a batch is telemetry that goes ahead of waiting images.",
          "每批中可有几分之一为先于图像发送的状态数据。")
    LIMIT(news_bytes_max, "One event, or the samples of one period.",
          "一个事件或一个周期的采样。")
    LIMIT(devices_max, "Devices known.",
          "已知设备数。")
    LIMIT(callers_max, "Callers known.",
          "已知来访者数。")
    LIMIT(device_values_max, "Software versions or detectors remembered of one device.",
          "每台设备记住的软件版本或探测器数。")
    LIMIT(device_modalities_max, "Kinds of images counted of one device.",
          "每台设备分别统计的图像种类数。")
    LIMIT(strangers_open_max, "Open alarms about unknown callers; beyond it one stands for all others.",
          "关于未知来访者的未关闭告警数；超出则合并为一个。")
    LIMIT(telemetry_bytes_max, "The file that remembers devices and alarms.",
          "记录设备和告警的文件。")
    LIMIT(device_text_bytes_max, "A value from a header, as shown.",
          "显示的头部值长度。")
    LIMIT(alarms_open_max, "Open alarms; beyond it the oldest is closed.",
          "未关闭的告警数，超出则关闭最旧的。")
    LIMIT(sightings_max, "Kinds of images seen and not yet looked at.",
          "已见而尚未处理的图像种类数。")
    LIMIT(news_waiting_max, "Happenings not yet looked at.",
          "尚未处理的事件数。")
    LIMIT(events_unsent_max, "Events that could not be queued yet.",
          "尚未能入队的事件数。")
    LIMIT(event_file_bytes, "The local list of events; there are two of them.",
          "本地事件列表文件，共两个。")
    LIMIT(events_answered_max, "Events told by one question.",
          "一次查询返回的事件数。")
    LIMIT(telemetry_gather_time, "After something came, before it is looked at.",
          "收到信息后到处理前的等待。")
    LIMIT(telemetry_save_every, "How often telemetry is saved while something changes.",
          "状态数据有变化时的保存间隔。")
    LIMIT(clock_check_every, "How often the clock is looked at.",
          "检查时钟的间隔。")
    LIMIT(clock_step_least, "A smaller step of the clock is none.",
          "更小的时钟跳变不计。")
    LIMIT(clock_step_critical, "A larger step of the clock is critical.",
          "更大的时钟跳变为严重。")
    LIMIT(alarm_quiet_time, "A cause that is counted is over after so long without it.",
          "计数类告警在该时间内未再出现即解除。")
    LIMIT(outage_critical, "An outage this long is critical.",
          "中断达该时间为严重。")
    LIMIT(disk_forecast_least, "Less time until the disk is full is an alarm.",
          "磁盘写满前的时间少于此值即告警。")
    LIMIT(disk_owed_least, "That alarm needs more images that may not go than came in so long.",
          "该告警的前提：不能清除的图像多于该时间内的接收量。")
    LIMIT(disk_low_percent, "Percent of the disk: less free is an alarm.",
          "磁盘剩余百分比：低于此值即告警。")
    LIMIT(disk_critical_percent, "Percent of the disk: less free is a critical alarm.",
          "磁盘剩余百分比：低于此值为严重告警。")
    LIMIT(disk_ease_percent, "The alarm is over when so many percent more are free.",
          "剩余空间再多出此百分比，告警才解除。")
    LIMIT(settings_bytes_max, "One file of settings.",
          "单个配置文件。")
    LIMIT(settings_files_max, "Files in conf.d.",
          "conf.d 中的文件数。")
    LIMIT(settings_values_max, "Values in one file of settings.",
          "单个配置文件中的值数。")
    LIMIT(stop_grace, "For transfers that run when the node is stopped.",
          "停止服务时留给进行中传输的时间。")
    LIMIT(reload_grace, "For transfers to a destination that is taken out or changed.",
          "目的地被移除或修改时留给其进行中传输的时间。")
    LIMIT(clock_stretches_max, "Times at which the clock was set that are remembered.",
          "记住的系统时间校正次数。")
    LIMIT(clock_kept_every, "How often it is noted what the clock says.",
          "记录当前系统时间的间隔。")
    LIMIT(rescue_tries_max, "Tries of an object that a rescue cannot get through.",
          "救援时无法送达对象的尝试次数。")
    LIMIT(rescue_list_bytes_max, "The list of what was rescued before.",
          "先前已救援对象的清单文件。")
};
#undef LIMIT

}  // namespace

const std::vector<Limit>& limit_table() { return table; }

}  // namespace sampan::core
