SELECT log, epoch, began_at, position FROM log_head
