# Turns the purchases of CDNOW into events, one a line: the file has a row for each purchase,
# with the customer, the day (YYYYMMDD), the number of discs and the dollars.
#
#   awk -f examples/cdnow.awk CDNOW_master.txt > cdnow.ndjson
#   clmd import cdnow.ndjson
#
# A row's number names its event, so the same file can be imported again and stores nothing
# twice. Dollars are taken apart as text: no fraction of a cent is made or lost.

{ sub(/\r$/, "") }

NF == 4 && $2 ~ /^[0-9]+$/ && length($2) == 8 {
    digits = split($4, dollars, ".")
    cents = dollars[1] * 100 + (digits > 1 ? substr(dollars[2] "00", 1, 2) : 0)
    printf "{\"id\":\"%d\",\"source\":\"cdnow\",\"type\":\"sell.order.placed\",\"subject\":\"%s\"," \
           "\"time\":\"%s-%s-%sT00:00:00Z\",\"data\":{\"order_id\":\"%d\",\"amount\":%d," \
           "\"currency\":\"USD\",\"units\":%d}}\n",
        NR, $1, substr($2, 1, 4), substr($2, 5, 2), substr($2, 7, 2), NR, cents, $3
}
