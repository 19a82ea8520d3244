-- Contacts of users' own, notes on documents, what else the ERP tells (sales persons, sales orders,
-- lines of documents) and user-defined fields. Local contacts of accounts stand with the ERP's in
-- the table contacts.

SET search_path = read_models, public;

CREATE TABLE personal_contacts (
    tenant integer NOT NULL,
    contact_id text COLLATE "C" NOT NULL,
    owner text COLLATE "C" NOT NULL,
    cntct_name text,
    cntct_title text,
    cntct_email_addr text,
    cntct_primary_addr_phone text,
    cntct_primary_addr_fax text,
    cntct_addr_line1 text,
    cntct_addr_line2 text,
    cntct_city text,
    cntct_state text,
    cntct_postal_code text,
    cntct_country text,
    cntct_comment text,
    added_on date NOT NULL,
    removed_on date,
    erased_on date,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, contact_id)
);
CREATE INDEX personal_contacts_by_owner ON personal_contacts (tenant, owner);

CREATE TABLE invoice_notes (
    tenant integer NOT NULL,
    note_id text COLLATE "C" NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    tran_id text COLLATE "C" NOT NULL,
    text text NOT NULL,
    noted_on date NOT NULL,
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, note_id, company_id, tran_id)
);
CREATE INDEX invoice_notes_by_invoice ON invoice_notes (tenant, company_id, tran_id);

CREATE TABLE sales_persons (
    tenant integer NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    sper_id text COLLATE "C" NOT NULL,
    sper_name text COLLATE "C",
    udf1 text COLLATE "C",
    udf2 text COLLATE "C",
    udf3 text COLLATE "C",
    udf4 text COLLATE "C",
    udf5 text COLLATE "C",
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, company_id, sper_id)
);

CREATE TABLE sales_orders (
    tenant integer NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    order_id text COLLATE "C" NOT NULL,
    cust_id text COLLATE "C" NOT NULL,
    order_date date NOT NULL,
    amount numeric,
    curr_id text COLLATE "C" NOT NULL,
    status text COLLATE "C",
    cust_po_no text COLLATE "C",
    udf1 text COLLATE "C",
    udf2 text COLLATE "C",
    udf3 text COLLATE "C",
    udf4 text COLLATE "C",
    udf5 text COLLATE "C",
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, company_id, order_id)
);
CREATE INDEX sales_orders_by_account ON sales_orders (tenant, company_id, cust_id, order_date);

CREATE TABLE invoice_lines (
    tenant integer NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    tran_id text COLLATE "C" NOT NULL,
    line_no text COLLATE "C" NOT NULL,
    item text COLLATE "C",
    description text COLLATE "C",
    quantity numeric,
    amount numeric,
    udf1 text COLLATE "C",
    udf2 text COLLATE "C",
    udf3 text COLLATE "C",
    udf4 text COLLATE "C",
    udf5 text COLLATE "C",
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, company_id, tran_id, line_no)
);

CREATE TABLE payment_application_fields (
    tenant integer NOT NULL,
    company_id text COLLATE "C" NOT NULL,
    tran_id text COLLATE "C" NOT NULL,
    payment_id text COLLATE "C" NOT NULL,
    udf1 text COLLATE "C",
    udf2 text COLLATE "C",
    udf3 text COLLATE "C",
    udf4 text COLLATE "C",
    udf5 text COLLATE "C",
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, company_id, tran_id, payment_id)
);

CREATE TABLE user_fields (
    tenant integer NOT NULL,
    record_type text COLLATE "C" NOT NULL,
    key1 text COLLATE "C" NOT NULL,
    key2 text COLLATE "C" NOT NULL,
    key3 text COLLATE "C" NOT NULL,
    udf6 text COLLATE "C",
    udf7 text COLLATE "C",
    udf8 text COLLATE "C",
    udf9 text COLLATE "C",
    udf10 text COLLATE "C",
    known_from timestamptz NOT NULL,
    PRIMARY KEY (tenant, record_type, key1, key2, key3)
);

CALL public.keep_history('personal_contacts'::regclass);
CALL public.keep_history('sales_persons'::regclass);
CALL public.keep_history('sales_orders'::regclass);
CALL public.keep_history('invoice_lines'::regclass);
CALL public.keep_history('payment_application_fields'::regclass);
CALL public.keep_history('user_fields'::regclass);

CALL public.open_read_model('personal_contacts'::regclass);
CALL public.open_read_model('personal_contacts_history'::regclass);
CALL public.open_read_model('invoice_notes'::regclass);
CALL public.open_read_model('sales_persons'::regclass);
CALL public.open_read_model('sales_persons_history'::regclass);
CALL public.open_read_model('sales_orders'::regclass);
CALL public.open_read_model('sales_orders_history'::regclass);
CALL public.open_read_model('invoice_lines'::regclass);
CALL public.open_read_model('invoice_lines_history'::regclass);
CALL public.open_read_model('payment_application_fields'::regclass);
CALL public.open_read_model('payment_application_fields_history'::regclass);
CALL public.open_read_model('user_fields'::regclass);
CALL public.open_read_model('user_fields_history'::regclass);
