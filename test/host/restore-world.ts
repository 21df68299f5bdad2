/** A schema with one of everything that a dump could lose, and rows of every awkward kind. */
import { APP_HOST, SCHEMA } from "./database-server";

const DEFINER = `DEFINER = deployment@'${APP_HOST}'`;

export const WORLD = `SET NAMES utf8mb4;
USE ${SCHEMA};
CREATE TABLE todos (
  id INT AUTO_INCREMENT PRIMARY KEY, title VARCHAR(200), price DECIMAL(40, 12), raw BLOB, doc JSON,
  at DATETIME(6), stamp TIMESTAMP NULL, real8 DOUBLE, bits BIT(9), kind ENUM('z', 'ä'), period YEAR,
  length INT AS (CHAR_LENGTH(title)) STORED, shout VARCHAR(200) AS (UPPER(title)) VIRTUAL,
  KEY (title), FULLTEXT KEY (title)
) CHARACTER SET utf8mb4;
SET time_zone = '+05:30';
INSERT INTO todos (title, price, raw, doc, at, stamp, real8, bits, kind, period) VALUES
  ('emoji 😀, quotes '' " \\\`, back \\\\ slash, line \\n\\r\\t\\0 end', 1234567890123456789012345678.123456789012,
   UNHEX('00010A0D1A275C22FFC3'), '{"a": [1, null, "ü", {"b": 1.5}]}', '2026-01-02 03:04:05.678901',
   '2026-06-01 00:00:00', 1.7976931348623157e308, b'101010101', 'ä', 2155),
  (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  ('', -0.000000000001, '', '[]', '1000-01-01 00:00:00', '1970-01-01 06:00:00', -0.0, b'0', 'z', 1901);
CREATE TABLE parts (
  id INT PRIMARY KEY, todo INT, CONSTRAINT of_todo FOREIGN KEY (todo) REFERENCES todos (id) ON DELETE CASCADE
) COMMENT 'with; -- DELIMITER ;; /* in it';
INSERT INTO parts VALUES (1, 1), (2, 1), (3, NULL);
CREATE TABLE a_child_first (id INT PRIMARY KEY, part INT, FOREIGN KEY (part) REFERENCES parts (id));
INSERT INTO a_child_first VALUES (1, 2);
CREATE TABLE \`odd \`\`name'% ü\` (\`ä b\` INT PRIMARY KEY, \`select\` TEXT) CHARACTER SET latin1;
INSERT INTO \`odd \`\`name'% ü\` VALUES (1, 'ß');
CREATE TABLE empty_one (id BIGINT UNSIGNED PRIMARY KEY);
CREATE ${DEFINER} VIEW b_view AS SELECT id, title, length FROM todos WHERE length > 0;
CREATE ${DEFINER} VIEW a_view AS SELECT id, twice(id) AS id2 FROM b_view;
DELIMITER ;;
CREATE ${DEFINER} TRIGGER moved BEFORE UPDATE ON parts FOR EACH ROW
BEGIN
  IF NEW.id < 0 THEN SET NEW.id = 0; END IF; -- 'it''s
END;;
CREATE ${DEFINER} PROCEDURE add_part(IN todo INT) SQL SECURITY INVOKER
BEGIN INSERT INTO parts SELECT MAX(id) + 1, todo FROM parts; SELECT ';;' AS \`;;\`; END;;
CREATE ${DEFINER} EVENT clean ON SCHEDULE EVERY 1 SECOND DO DELETE FROM todos WHERE id < 0;;
DELIMITER ;
`;

/** Views are checked when they are made, functions of theirs must be there by then. */
export const FUNCTION = `USE ${SCHEMA};
CREATE ${DEFINER} FUNCTION twice(a INT) RETURNS INT DETERMINISTIC RETURN a * 2;
`;
