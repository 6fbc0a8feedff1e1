#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/sql/sql_fixture.h"

// What docs/sql.md tells a reader to run, run as it stands there.
namespace leasehold::testing {
namespace {

constexpr char kReadersOwn[] = R"(
  SET client_min_messages = error;
  CREATE TABLE orders (id integer);
  CREATE TABLE images (id integer);
  CREATE TABLE products (id integer, name text, shop text);
  CREATE TABLE customers (id integer);
  CREATE ROLE importer LOGIN)";

class SqlPageTest : public SqlTest {
 protected:
  // Runs every block of SQL on the page, in order.
  SqlPageTest() {
    sql_->Run(kReadersOwn);
    std::ifstream page("docs/sql.md");
    std::string block;
    bool inside = false;
    for (std::string line; std::getline(page, line);) {
      if (line == "```sql") {
        inside = true;
        block.clear();
      } else if (line == "```" && inside) {
        inside = false;
        blocks_.push_back(block);
        // `set local` means something in a transaction only.
        sql_->Run("BEGIN;" + block + ";COMMIT");
      } else if (inside) {
        block += line + "\n";
      }
    }
    sql_->Run("SELECT leasehold.complete_jobs(array_agg(id)) FROM leasehold.jobs");
  }
  ~SqlPageTest() override {
    sql_->Run("DROP OWNED BY shop, importer; DROP ROLE shop; DROP ROLE importer");
  }

  std::string Jobs(const std::string& columns) {
    return sql_->Row("SELECT string_agg(concat_ws(' ', " + columns +
                     "), ', ' ORDER BY id) FROM leasehold.job_rows");
  }

  std::vector<std::string> blocks_;
};

TEST_F(SqlPageTest, RunsAsItStands) { EXPECT_GE(blocks_.size(), 9u); }

TEST_F(SqlPageTest, HasATriggerOfOneTable) {
  sql_->Run("BEGIN; INSERT INTO orders VALUES (1); ROLLBACK; INSERT INTO orders VALUES (2), (3)");

  EXPECT_EQ(Jobs("task, payload::jsonb"),
            "send_receipt {\"order_id\": 2}, send_receipt {\"order_id\": 3}");
}

TEST_F(SqlPageTest, HasATriggerOfAnyTable) {
  sql_->Run(
      "INSERT INTO products VALUES (1, 'tea', 'a'), (2, 'pot', 'b'); "
      "UPDATE products SET name = 'green tea' WHERE id = 1; DELETE FROM products WHERE id = 2; "
      "INSERT INTO customers VALUES (7)");

  EXPECT_EQ(Jobs("task, job_key, queue_name, payload->>'table', payload->>'op', "
                 "payload->'row'->>'name'"),
            "index_product index_product:1 a products UPDATE green tea, "
            "index_product index_product:2 b products DELETE pot, welcome customers INSERT");
}

TEST_F(SqlPageTest, HasATriggerOfAStatement) {
  sql_->Run("INSERT INTO images SELECT generate_series(1, 3)");

  EXPECT_EQ(Jobs("task, payload->>'image'"), "resize 1, resize 2, resize 3");
}

TEST_F(SqlPageTest, HasARoleThatOnlyAddsAndLooks) {
  SqlSession shop(database_.url() + "&user=shop");

  shop.Run("SELECT leasehold.add_job('mail'); SELECT * FROM leasehold.jobs");
  EXPECT_EQ(shop.Try("SELECT leasehold.remove_job('k')").sqlstate, "42501");
}

}  // namespace
}  // namespace leasehold::testing
