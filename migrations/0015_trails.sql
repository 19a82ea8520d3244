-- Trails: what people did, what one request or run did together, and to what a record once belonged.

-- What people do, by whom and by request. What syncs and runs of rules do in bulk is found by its
-- place in the log instead, so that loading it costs no more.
CREATE INDEX events_by_key ON events (tenant, actor, position) WHERE actor LIKE 'key/%';
CREATE INDEX events_by_correlation ON events (tenant, correlation, position)
    WHERE cause NOT LIKE 'sync/%' AND cause NOT LIKE 'rule\_run/%';

-- The subjects that what is history belonged to.
SET search_path = read_models, public;
CREATE INDEX invoices_history_by_account ON invoices_history (tenant, company_id, cust_id);
CREATE INDEX payments_history_by_account ON payments_history (tenant, company_id, cust_id);
CREATE INDEX issue_invoices_history_by_invoice
    ON issue_invoices_history (tenant, company_id, tran_id);
CREATE INDEX activity_tags_history_by_invoice
    ON activity_tags_history (tenant, company_id, tran_id);
CREATE INDEX promise_invoices_history_by_invoice
    ON promise_invoices_history (tenant, company_id, tran_id);
CREATE INDEX payment_applications_history_by_payment
    ON payment_applications_history (tenant, company_id, payment_id);
CREATE INDEX sales_orders_history_by_account
    ON sales_orders_history (tenant, company_id, cust_id);
CREATE INDEX pending_payments_history_by_payment
    ON pending_payments_history (tenant, company_id, payment_id) WHERE payment_id IS NOT NULL;
CREATE INDEX api_keys_by_user ON api_keys (tenant, user_id) WHERE user_id IS NOT NULL;
